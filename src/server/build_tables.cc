#include "server/builds.h"

namespace rota::server {

Status Builds::prepare() {
  return db_.migrate({R"(
CREATE TABLE ci_projects (
  id INTEGER PRIMARY KEY, factory TEXT NOT NULL, name TEXT NOT NULL, next_build INTEGER NOT NULL,
  UNIQUE (factory, name));
CREATE TABLE ci_builds (
  id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES ci_projects, number INTEGER NOT NULL,
  trigger_name TEXT NOT NULL, reason TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL DEFAULT '',
  definition TEXT NOT NULL, params TEXT NOT NULL,
  source TEXT NOT NULL, git_ref TEXT NOT NULL, git_sha TEXT NOT NULL, git_old_sha TEXT NOT NULL,
  created INTEGER NOT NULL, completed INTEGER,
  UNIQUE (project_id, number));
CREATE TABLE ci_runs (
  id INTEGER PRIMARY KEY, build_id INTEGER NOT NULL REFERENCES ci_builds, name TEXT NOT NULL, spec TEXT NOT NULL,
  status TEXT NOT NULL, message TEXT NOT NULL DEFAULT '', host_tag TEXT NOT NULL,
  worker TEXT NOT NULL DEFAULT '', lease_until INTEGER, attempts INTEGER NOT NULL DEFAULT 0, key_hash TEXT UNIQUE,
  log_size INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL, started INTEGER, completed INTEGER,
  UNIQUE (build_id, name));
CREATE INDEX ci_runs_open ON ci_runs (status) WHERE completed IS NULL;
CREATE TABLE ci_log (
  run_id INTEGER NOT NULL REFERENCES ci_runs, at INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (run_id, at)) WITHOUT ROWID;
CREATE TABLE ci_artifacts (
  run_id INTEGER NOT NULL REFERENCES ci_runs, path TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  PRIMARY KEY (run_id, path)) WITHOUT ROWID;
CREATE TABLE ci_workers (
  name TEXT PRIMARY KEY, factory TEXT NOT NULL, key_hash TEXT NOT NULL UNIQUE, host_tags TEXT NOT NULL,
  concurrency INTEGER NOT NULL, cpu INTEGER NOT NULL, mem INTEGER NOT NULL, enabled INTEGER NOT NULL, seen INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE ci_secrets (
  project_id INTEGER NOT NULL REFERENCES ci_projects, name TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (project_id, name)) WITHOUT ROWID;
CREATE TABLE ci_sources (
  id INTEGER PRIMARY KEY, factory TEXT NOT NULL, name TEXT NOT NULL, project TEXT NOT NULL, created INTEGER NOT NULL,
  UNIQUE (factory, name));
CREATE TABLE ci_source_refs (
  source_id INTEGER NOT NULL REFERENCES ci_sources, ref TEXT NOT NULL, sha TEXT NOT NULL,
  PRIMARY KEY (source_id, ref)) WITHOUT ROWID;
)"});
}

}  // namespace rota::server
