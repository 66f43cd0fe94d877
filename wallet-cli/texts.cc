#include "wallet-cli/texts.h"

#include "base/check.h"

namespace timebank::cli {
namespace {

struct Row {
  Text text;
  std::string_view english;
  std::string_view chinese;
};

constexpr Row kRows[] = {
    {Text::kTransaction, "transaction", "交易"},
    {Text::kRecorded, "recorded at height", "已记入，高度"},
    {Text::kVerified, "receipt verified", "回执已验证"},
    {Text::kReceiptSaved, "receipt saved in", "回执已存入"},
    {Text::kNotRecorded, "not recorded yet; the transaction stays queued until its validity ends",
     "尚未记入；交易在有效期内继续排队"},
    {Text::kAskAgain, "ask later with: timebank receipt get", "稍后查询：timebank receipt get"},
    {Text::kOpenUntil, "should that change, this same transaction may still be recorded until",
     "若情况变化，本笔交易在此时间之前仍可能入账："},
    {Text::kSendTheSame,
     "to try again send the same one, for a new one could count twice: timebank submit",
     "如需重试，请重发同一笔（另签新的一笔可能重复入账）：timebank submit"},
    {Text::kNobodyAnswers, "no validator answers", "没有验证节点应答"},
    {Text::kTooFew, "validators reachable / needed", "可达验证节点 / 所需"},
    {Text::kDevelopment, "DEVELOPMENT network: its clock can be set, its minutes bind nobody",
     "开发网络（DEVELOPMENT）：时钟可调，所记时间不具效力"},
    {Text::kClocksApart,
     "clocks too far from its own (without a quorum that agrees about the time nothing is "
     "recorded):",
     "与本节点时钟相差过大（对时间达不成法定多数时无法记账）："},
    {Text::kNothing, "nothing", "无"},
    {Text::kOutcome, "outcome", "结果"},
    {Text::kState, "state", "状态"},
    {Text::kFlags, "flags", "标记"},
    {Text::kReason, "reason", "原因"},
    {Text::kTime, "time", "时间"},
    {Text::kMinutes, "minutes", "分钟"},
    {Text::kAmount, "amount", "数额"},
    {Text::kAccount, "account", "账户"},
    {Text::kMember, "member", "成员"},
    {Text::kOrganisation, "organisation", "机构"},
    {Text::kVolunteer, "volunteer", "志愿者"},
    {Text::kElder, "elder", "老人"},
    {Text::kCategory, "category", "服务类别"},
    {Text::kEntry, "entry", "服务记录"},
    {Text::kRedemption, "redemption", "兑换"},
    {Text::kOffer, "offer", "兑换项目"},
    {Text::kName, "name", "名称"},
    {Text::kPrice, "price", "所需时间"},
    {Text::kStock, "stock", "库存"},
    {Text::kHeight, "height", "高度"},
    {Text::kSerial, "slip", "单号"},
    {Text::kFinding, "finding", "问题"},
    {Text::kSpendable, "spendable", "可用"},
    {Text::kReceiptHolds, "the receipt holds: final on this ledger",
     "回执有效：已在此账本最终确认"},
    {Text::kReceiptFails, "the receipt does not hold: it failed at", "回执无效，未通过的步骤："},
    {Text::kReadAs, "say who reads it: --as NAME", "请用 --as NAME 说明由谁读取"},
};

}  // namespace

std::string_view Say(Text text, Language language) {
  for (const Row& row : kRows) {
    if (row.text == text) return language == Language::kChinese ? row.chinese : row.english;
  }
  TB_CHECK(false);
}

}  // namespace timebank::cli
