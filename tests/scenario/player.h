// Plays one scenario through both ledgers: signs and submits the transaction of each line, moves
// time, and checks in both what the line expects.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/cast.h"
#include "tests/model/side_by_side.h"
#include "tests/scenario/script.h"
#include "tests/scenario/verbs.h"

namespace timebank::scenario {

class Player {
 public:
  // What went wrong, one message per line; empty when all was as expected.
  [[nodiscard]] std::vector<std::string> Play(const std::vector<Line>& lines);
  // Called with every line played and its answers, for a reader.
  void set_print(std::function<void(const std::string&)> print) { print_ = std::move(print); }

 private:
  // The flow: player.cc.
  [[nodiscard]] bool Declare(const Line& line);
  void Step(const Line& line);
  void Visit(const Line& line);
  void Send(const Line& line);
  void Submit(const Line& line, const std::string& envelope);
  void MoveTo(const Line& line, Time at_ms);
  void Fail(const Line& line, const std::string& message);
  void NoteDifferences(const Line& line);

  // The expectations: expectations.cc.
  void Expect(const Line& line);
  void ExpectBalance(const Line& line);
  void ExpectState(const Line& line);
  void ExpectFlags(const Line& line);
  void ExpectHold(const Line& line);
  void ExpectAnswer(const Line& line, const model::Answers& answers);
  void Compare(const Line& line, const std::string& expected, const std::string& real,
               const std::string& naive);
  std::string Word(const Line& line, std::size_t index);

  std::unique_ptr<model::Cast> cast_;
  std::unique_ptr<Verbs> verbs_;
  std::unique_ptr<model::SideBySide> ledgers_;
  std::map<std::string, bool> is_org_;
  std::string last_envelope_;
  std::vector<std::string> failures_;
  std::size_t differences_noted_ = 0;
  std::size_t errors_noted_ = 0;
  std::function<void(const std::string&)> print_;
};

}  // namespace timebank::scenario
