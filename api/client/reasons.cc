#include "api/client/reasons.h"

#include <algorithm>

#include "base/check.h"

namespace timebank::client {

const ReasonInfo& InfoOf(v1::Reason reason) {
  const std::span<const ReasonInfo> rows = AllReasons();
  const auto row = std::ranges::lower_bound(rows, reason, {}, &ReasonInfo::reason);
  return row != rows.end() && row->reason == reason ? *row : rows.front();
}

std::string NameOf(v1::Reason reason) {
  if (v1::Reason_IsValid(reason)) return v1::Reason_Name(reason);
  return "REASON_" + std::to_string(static_cast<int>(reason));
}

v1::Reason ReasonOfName(std::string_view name) {
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  return v1::Reason_Parse(std::string(name), &reason) ? reason : v1::REASON_UNSPECIFIED;
}

std::string Sentence(v1::Reason reason) {
  const ReasonInfo& info = InfoOf(reason);
  std::string out(info.english);
  const std::string_view advice = TextOf(info.advice).english;
  if (!advice.empty()) out.append("; ").append(advice);
  return out;
}

AdviceText TextOf(Advice advice) {
  switch (advice) {
    case Advice::kNone:
      return {"", ""};
    case Advice::kFixProgram:
      return {"the app has a fault: update it or report it", "应用程序有误，请更新或报告"};
    case Advice::kCheckInput:
      return {"check what was entered", "请检查填写内容"};
    case Advice::kSignAgain:
      return {"make and sign a new transaction", "请重新生成并签名"};
    case Advice::kGetReceipt:
      return {"ask for its receipt", "请获取回执"};
    case Advice::kCheckKey:
      return {"check which key the member has registered", "请核对成员登记的密钥"};
    case Advice::kAskOffice:
      return {"have it signed by those whose office it is", "请由有权限的人员签名"};
    case Advice::kReadAgain:
      return {"read the record again and decide anew", "请重新读取记录后再决定"};
    case Advice::kAskCommunity:
      return {"ask the community office about the rule", "请向社区咨询相关规定"};
    case Advice::kWaitAndRetry:
      return {"send the same bytes again later", "请稍后原样重发"};
    case Advice::kSendToken:
      return {"make a new read token and ask again", "请生成新的读取令牌后重试"};
    case Advice::kAskOperator:
      return {"tell the operator of the node", "请联系节点运营方"};
  }
  TB_CHECK(false);
}

}  // namespace timebank::client
