#include "tests/sim/sentence.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace timebank::sim {
namespace {

constexpr std::uint64_t kMsPerSecond = 1'000;
constexpr std::size_t kDecimals = 3;

std::string Seconds(std::uint64_t ms) {
  std::string out = std::to_string(ms / kMsPerSecond);
  std::string rest = std::to_string(kMsPerSecond + ms % kMsPerSecond).substr(1);
  rest.erase(rest.find_last_not_of('0') + 1);
  return (rest.empty() ? out : out + "." + rest) + " s";
}

std::string Validators(const std::vector<NodeIndex>& nodes) {
  std::string out = nodes.size() == 1 ? "validator " : "validators ";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) out += i + 1 == nodes.size() ? " and " : ", ";
    out += std::to_string(nodes[i]);
  }
  return out;
}

// A pattern's word, filled in.
std::string Fill(const std::string& word, const Slots& slots) {
  if (word == "{at}") return Seconds(slots.at_ms);
  if (word == "{for}") return Seconds(slots.for_ms);
  if (word == "{nodes}") return Validators(slots.nodes);
  if (word == "{others}") return Validators(slots.others);
  if (word == "{n}") return std::to_string(slots.n);
  if (word == "{m}") return std::to_string(slots.m);
  if (word == "{off}") {
    const bool behind = slots.off_ms < 0;
    const auto ms = static_cast<std::uint64_t>(behind ? -slots.off_ms : slots.off_ms);
    return Seconds(ms) + (behind ? " behind" : " ahead");
  }
  const std::size_t slash = word.find('/');
  if (slash == std::string::npos) return word;
  const std::size_t many = slots.nodes.empty() ? slots.n : slots.nodes.size();
  return many == 1 ? word.substr(0, slash) : word.substr(slash + 1);
}

std::vector<std::string> Words(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, ',', ' ');
  std::istringstream in(spaced);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::optional<std::uint64_t> Number(std::string_view word) {
  std::uint64_t number = 0;
  const char* const end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (word.empty() || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// Reads a sentence's words from the front. What does not fit is false.
class Reader {
 public:
  explicit Reader(std::string_view sentence) : words_(Words(sentence)) {}
  [[nodiscard]] bool AtEnd() const { return at_ == words_.size(); }

  // What a pattern's word stands for.
  bool Take(const std::string& word, Slots& slots) {
    if (word == "{at}") return TakeTime(slots.at_ms);
    if (word == "{for}") return TakeTime(slots.for_ms);
    if (word == "{nodes}") return TakeValidators(slots.nodes);
    if (word == "{others}") return TakeValidators(slots.others);
    if (word == "{n}") return TakeNumber(slots.n);
    if (word == "{m}") return TakeNumber(slots.m);
    if (word == "{off}") return TakeOff(slots.off_ms);
    const std::size_t slash = word.find('/');
    if (slash == std::string::npos) return TakeWord(word);
    return TakeWord(word.substr(0, slash)) || TakeWord(word.substr(slash + 1));
  }

 private:
  bool TakeWord(std::string_view word) {
    if (AtEnd() || words_[at_] != word) return false;
    ++at_;
    return true;
  }
  bool TakeNumber(std::uint64_t& out) {
    const auto number = AtEnd() ? std::nullopt : Number(words_[at_]);
    if (!number) return false;
    out = *number;
    ++at_;
    return true;
  }
  bool TakeTime(std::uint64_t& ms) {
    if (AtEnd()) return false;
    const std::string& word = words_[at_++];
    const std::size_t dot = std::min(word.find('.'), word.size());
    std::string decimals = word.substr(std::min(dot + 1, word.size()));
    if (decimals.size() > kDecimals) return false;
    decimals.resize(kDecimals, '0');
    const auto whole = Number(std::string_view(word).substr(0, dot));
    const auto rest = Number(decimals);
    if (!whole || !rest || *whole > UINT32_MAX) return false;
    ms = *whole * kMsPerSecond + *rest;
    return TakeWord("s");
  }
  bool TakeOff(std::int64_t& ms) {
    std::uint64_t by = 0;
    if (!TakeTime(by)) return false;
    const bool behind = TakeWord("behind");
    ms = behind ? -static_cast<std::int64_t>(by) : static_cast<std::int64_t>(by);
    return behind || TakeWord("ahead");
  }
  bool TakeValidators(std::vector<NodeIndex>& nodes) {
    if (!TakeWord("validator") && !TakeWord("validators")) return false;
    for (std::uint64_t node = 0; TakeNumber(node);) {
      nodes.push_back(node);
      (void)TakeWord("and");
    }
    return !nodes.empty();
  }

  const std::vector<std::string> words_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Say(std::string_view pattern, const Slots& slots) {
  std::string out;
  std::istringstream words{std::string(pattern)};
  for (std::string word; words >> word;) {
    const bool comma = word.ends_with(',');
    if (comma) word.pop_back();
    out += (out.empty() ? "" : " ") + Fill(word, slots) + (comma ? "," : "");
  }
  return out;
}

std::optional<Slots> Match(std::string_view pattern, std::string_view sentence) {
  Slots slots;
  Reader reader(sentence);
  for (const std::string& word : Words(pattern)) {
    if (!reader.Take(word, slots)) return std::nullopt;
  }
  if (!reader.AtEnd()) return std::nullopt;
  return slots;
}

}  // namespace timebank::sim
