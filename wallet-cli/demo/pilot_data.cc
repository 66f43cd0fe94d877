#include "wallet-cli/demo/pilot_data.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

#include "base/civil.h"
#include "ledger/form.h"
#include "wallet-cli/csv.h"
#include "wallet-cli/identity.h"

namespace timebank::cli {
namespace {

// The schema's limit on the public name of an organisation, in bytes.
constexpr std::size_t kOrgNameMax = 128;
constexpr std::size_t kShownMax = 64;
// How names of the demo's own staff begin: identities of one folder, so no member may have them.
constexpr std::string_view kStaffNames[] = {"approver-",    "assessor-",  "auditor-",  "clerk-",
                                            "dispatcher-",  "finance-",   "lister-",   "merchant-",
                                            "pin-service-", "regulator-", "reviewer-", "terminal-"};

std::optional<std::int64_t> Integer(const std::string& cell) {
  const std::string text = NormaliseWidth(cell);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Millis> Instant(const std::string& cell) {
  const auto civil = ParseCivil(NormaliseWidth(cell));
  return civil ? FromCivil(*civil, kPilotOffsetMinutes) : std::nullopt;
}

Expected<CsvTable, std::string> Table(const std::string& path,
                                      const std::vector<std::string>& columns) {
  auto table = ReadCsvFile(path);
  if (!table) return Unexpected{table.error()};
  for (const std::string& column : columns) {
    if (!table->Has(column)) return Unexpected{path + ": there is no column '" + column + "'"};
  }
  return table;
}

// Collects what is wrong with one row; the first finding is the one that is reported.
class RowReader {
 public:
  RowReader(const CsvRow& row, std::optional<Millis> end) : row_(row), end_(end) {
    if (!row.fault.empty()) Fail(row.fault, "");
  }
  std::string Text(const std::string& column) {
    std::string text = NormaliseWidth(row_.Get(column));
    if (text.empty()) Fail("missing_field", column);
    return text;
  }
  Millis Time(const std::string& column) {
    const std::string text = Text(column);
    const auto at = Instant(text);
    if (!at) Fail("bad_time", column);
    return at.value_or(Millis(0));
  }
  // A moment of something that happened.
  Millis Past(const std::string& column) {
    const Millis at = Time(column);
    if (end_ && at > *end_) Fail("future", column);
    return at;
  }
  // A public name of the ledger.
  std::string OrgName(const std::string& column) {
    std::string name = Text(column);
    if (name.size() > kOrgNameMax || !ledger::IsPublicText(name)) Fail("bad_name", column);
    return name;
  }
  std::int64_t Number(const std::string& column, std::int64_t min, std::int64_t max,
                      const char* finding) {
    const auto number = Integer(Text(column));
    if (!number || *number < min || *number > max) Fail(finding, column);
    return number.value_or(0);
  }
  void Fail(const std::string& finding, const std::string& column) {
    if (finding_.empty()) {
      finding_ = finding;
      column_ = column;
    }
  }
  [[nodiscard]] bool ok() const { return finding_.empty(); }
  [[nodiscard]] RefusedRow Refusal(const std::string& file, const std::string& id) const {
    std::string shown = id.substr(0, kShownMax);
    // Not half of a character, and nothing that moves a terminal's cursor.
    while (id.size() > kShownMax && !ledger::IsPublicText(shown) && !shown.empty()) {
      shown.pop_back();
    }
    for (char& c : shown) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return {file, row_.line, shown, finding_, column_.empty() ? "reading" : "reading " + column_};
  }

 private:
  const CsvRow& row_;
  const std::optional<Millis> end_;
  std::string finding_;
  std::string column_;
};

bool IsMemberNumber(const std::string& number) {
  return IsIdentityName(number) &&
         std::none_of(std::begin(kStaffNames), std::end(kStaffNames),
                      [&](std::string_view staff) { return number.starts_with(staff); });
}

void ReadMembers(const CsvTable& table, PilotData& data) {
  for (const CsvRow& row : table.rows) {
    RowReader read(row, std::nullopt);
    PilotMember member;
    member.number = read.Text("member_no");
    member.street = read.OrgName("street");
    member.community = read.OrgName("community");
    member.birth_year = static_cast<int>(read.Number("birth_year", 1900, kGenesisYear, "bad_year"));
    const std::string hats = read.Text("hats");
    member.volunteer = hats.find("volunteer") != std::string::npos;
    member.elder = hats.find("elder") != std::string::npos;
    member.smartphone = row.Get("smartphone") == "yes";
    if (!member.volunteer && !member.elder) read.Fail("bad_hats", "hats");
    if (!IsMemberNumber(member.number)) read.Fail("bad_member_no", "member_no");
    if (data.member_index.contains(member.number)) read.Fail("duplicate", "member_no");
    if (!read.ok()) {
      data.refused.push_back(read.Refusal("members.csv", member.number));
      continue;
    }
    data.member_index[member.number] = data.members.size();
    data.members.push_back(std::move(member));
  }
}

std::map<std::string, PilotVisit> ReadOrders(const CsvTable& table, std::optional<Millis> end,
                                             PilotData& data) {
  std::map<std::string, PilotVisit> orders;
  for (const CsvRow& row : table.rows) {
    RowReader read(row, end);
    PilotVisit order;
    order.order_line = row.line;
    order.order_number = read.Text("order_no");
    order.elder = read.Text("elder_no");
    order.category = read.Text("category");
    order.requested_at = read.Past("requested_at");
    order.planned_start = read.Time("planned_start");
    order.planned_minutes =
        static_cast<std::uint32_t>(read.Number("planned_minutes", 1, 100'000, "bad_minutes"));
    if (orders.contains(order.order_number)) read.Fail("duplicate", "order_no");
    if (read.ok()) {
      orders.emplace(order.order_number, order);
    } else {
      data.refused.push_back(read.Refusal("orders.csv", order.order_number));
    }
  }
  return orders;
}

std::optional<PilotChannel> Channel(const std::string& text) {
  if (text == "app") return PilotChannel::kApp;
  if (text == "card") return PilotChannel::kCard;
  if (text == "callback") return PilotChannel::kCallback;
  if (text == "paper") return PilotChannel::kPaper;
  return std::nullopt;
}

void ReadEntries(const CsvTable& table, std::map<std::string, PilotVisit>& orders,
                 std::optional<Millis> end, PilotData& data) {
  std::set<std::string> numbers;
  std::set<std::string> used;
  for (const CsvRow& row : table.rows) {
    RowReader read(row, end);
    const std::string number = read.Text("entry_no");
    const std::string order_number = read.Text("order_no");
    const auto order = orders.find(order_number);
    if (order == orders.end()) read.Fail("unknown_order", "order_no");
    PilotVisit visit = order == orders.end() ? PilotVisit{} : order->second;
    visit.line = row.line;
    visit.entry_number = number;
    visit.volunteer = read.Text("volunteer_no");
    if (read.Text("elder_no") != visit.elder) read.Fail("elder_differs_from_order", "elder_no");
    if (read.Text("category") != visit.category) {
      read.Fail("category_differs_from_order", "category");
    }
    visit.check_in = read.Past("check_in");
    visit.check_out = read.Past("check_out");
    visit.minutes = read.Number("minutes", 1, 100'000, "bad_minutes");
    visit.confirmed_at = read.Past("confirmed_at");
    visit.approved_at = read.Past("approved_at");
    const auto channel = Channel(read.Text("channel"));
    if (!channel) read.Fail("bad_channel", "channel");
    visit.channel = channel.value_or(PilotChannel::kApp);
    const auto span = static_cast<std::int64_t>(visit.check_out.value()) -
                      static_cast<std::int64_t>(visit.check_in.value());
    if (read.ok() && span != visit.minutes * 60'000) {
      read.Fail("minutes_differ_from_check_out", "minutes");
    }
    if (numbers.contains(number)) read.Fail("duplicate", "entry_no");
    if (used.contains(order_number)) read.Fail("order_used_twice", "order_no");
    if (!read.ok()) {
      data.refused.push_back(read.Refusal("entries.csv", number));
      continue;
    }
    numbers.insert(number);
    used.insert(order_number);
    data.visits.push_back(std::move(visit));
  }
}

// Orders that no entry answers are placed all the same.
void AddOpenOrders(const std::map<std::string, PilotVisit>& orders, PilotData& data) {
  std::map<std::string, bool> visited;
  for (const PilotVisit& visit : data.visits) visited[visit.order_number] = true;
  for (const auto& [number, order] : orders) {
    if (!visited[number]) data.visits.push_back(order);
  }
}

}  // namespace

const PilotMember* PilotData::Find(const std::string& number) const {
  const auto found = member_index.find(number);
  return found == member_index.end() ? nullptr : &members[found->second];
}

Expected<PilotData, std::string> LoadPilot(const std::string& directory,
                                           std::optional<Millis> end) {
  auto members = Table(directory + "/members.csv",
                       {"member_no", "street", "community", "hats", "birth_year", "smartphone"});
  if (!members) return Unexpected{members.error()};
  auto orders = Table(directory + "/orders.csv", {"order_no", "requested_at", "elder_no",
                                                  "category", "planned_start", "planned_minutes"});
  if (!orders) return Unexpected{orders.error()};
  auto entries = Table(directory + "/entries.csv",
                       {"entry_no", "order_no", "volunteer_no", "elder_no", "category", "check_in",
                        "check_out", "minutes", "channel", "confirmed_at", "approved_at"});
  if (!entries) return Unexpected{entries.error()};
  PilotData data;
  ReadMembers(*members, data);
  std::map<std::string, PilotVisit> by_number = ReadOrders(*orders, end, data);
  ReadEntries(*entries, by_number, end, data);
  AddOpenOrders(by_number, data);
  data.orders = orders->rows.size();
  data.entries = entries->rows.size();
  return data;
}

}  // namespace timebank::cli
