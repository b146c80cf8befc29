// The peer's side of bench/peer: tuf-js, a refresh from nothing but the root, into a new folder, over HTTP.
// usage: node peer_client.js FOLDER-WITH-NODE_MODULES FOLDER ROOT-FILE URL [TIMES]
const fs = require('fs')
const path = require('path')
const { createRequire } = require('module')
const [modules, below, root, url, times] = process.argv.slice(2)
const { Updater } = createRequire(path.join(modules, 'package.json'))('tuf-js')

async function refresh() {
  const folder = fs.mkdtempSync(path.join(below, 'rota-bench-'))
  const start = process.hrtime.bigint()
  fs.copyFileSync(root, path.join(folder, 'root.json'))
  await new Updater({ metadataDir: folder, metadataBaseUrl: url }).refresh()
  const spent = Number(process.hrtime.bigint() - start) / 1e3
  fs.rmSync(folder, { recursive: true })
  return spent
}

async function main() {
  const runs = []
  for (let i = 0; i < Number(times ?? 1); i++) runs.push(await refresh())
  runs.sort((a, b) => a - b)
  if (times) console.log(Math.round(runs[Math.floor(runs.length / 2)]))
}
main().catch((error) => {
  console.error(String(error))
  process.exit(1)
})
