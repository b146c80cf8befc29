#include "tuf/search.h"

#include <algorithm>

#include "tuf/form.h"

namespace rota::tuf {
namespace {

std::string shown(const std::string& role) {
  const Json json(role);
  return form::described(&json);
}

}  // namespace

TargetSearch::TargetSearch(const Fresh<Snapshot>& snapshot, const Fresh<Targets>& top, std::string target_path,
                           SearchLimits limits)
    : snapshot_(&*snapshot), target_path_(std::move(target_path)), limits_(limits) {
  enter({.role = "targets", .owned = nullptr, .targets = &*top, .speakers = {}});
}

Result<std::optional<TargetSearch::Wish>> TargetSearch::wish() {
  if (refused_) return *refused_;
  if (wished_) return wished_;
  auto next = next_wish();
  if (!next.ok()) return refused_.emplace(std::move(next).error());
  wished_ = std::move(next).value();
  return wished_;
}

void TargetSearch::take(Fresh<Targets> delegated) {
  if (!wished_) abort_with("TargetSearch: a file that nobody wished for");
  visited_.push_back(wished_->role);
  wished_.reset();
  const auto owned = std::make_shared<const Fresh<Targets>>(std::move(delegated));
  enter({.role = visited_.back(), .owned = owned, .targets = &**owned, .speakers = {}});
}

void TargetSearch::enter(Step step) {
  const auto target = std::ranges::find(step.targets->targets, target_path_, &Target::name);
  if (target != step.targets->targets.end()) {
    found_ = *target;
    steps_.clear();
    return;
  }
  if (!step.targets->delegations) return;
  step.speakers = speakers_for(*step.targets->delegations, target_path_);
  steps_.push_back(std::move(step));
}

std::optional<Speaker> TargetSearch::next_speaker() {
  while (!steps_.empty() && steps_.back().next == steps_.back().speakers.size()) steps_.pop_back();
  if (steps_.empty()) return std::nullopt;
  Speaker speaker = steps_.back().speakers[steps_.back().next++];
  if (speaker.terminating) {
    for (Step& step : steps_) step.next = step.speakers.size();
  }
  return speaker;
}

Result<std::optional<TargetSearch::Wish>> TargetSearch::next_wish() {
  while (const auto speaker = next_speaker()) {
    if (!seen_.insert(speaker->role).second) continue;
    TRY_IN("search for " + shown(target_path_), within_limits(*speaker));
    return std::optional(TRY_IN("search for " + shown(target_path_), wish_for(*speaker)));
  }
  return std::optional<Wish>();
}

Status TargetSearch::within_limits(const Speaker& speaker) const {
  if (steps_.size() > static_cast<std::size_t>(limits_.levels))
    return rejected("role " + shown(speaker.role) + ": more than " + std::to_string(limits_.levels) + " levels deep");
  if (visited_.size() >= static_cast<std::size_t>(limits_.roles))
    return rejected("role " + shown(speaker.role) + ": more than " + std::to_string(limits_.roles) + " roles");
  return {};
}

Result<TargetSearch::Wish> TargetSearch::wish_for(const Speaker& speaker) const {
  const auto listed = snapshot_->meta.find(speaker.role + ".json");
  if (listed == snapshot_->meta.end()) return rejected("role " + shown(speaker.role) + ": not listed by the snapshot");
  const Step& delegator = steps_.back();
  Authority by = authority(*delegator.targets->delegations, speaker, delegator.targets->dialect);
  by.delegator = shown(delegator.role);
  return Wish{speaker.role, std::move(by), listed->second};
}

}  // namespace rota::tuf
