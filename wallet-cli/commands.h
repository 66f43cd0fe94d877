// All families of commands, one file each: commands_<family>.cc.
#pragma once

#include "wallet-cli/app.h"

namespace timebank::cli {

void AddStatusCommands(CLI::App& app, Program& program);
void AddReceiptCommands(CLI::App& app, Program& program);
void AddKeyCommands(CLI::App& app, Program& program);
void AddMemberCommands(CLI::App& app, Program& program);
void AddOrgCommands(CLI::App& app, Program& program);
void AddOrderCommands(CLI::App& app, Program& program);
void AddEntryCommands(CLI::App& app, Program& program);
void AddOfferCommands(CLI::App& app, Program& program);
void AddRedeemCommands(CLI::App& app, Program& program);
void AddMoneyCommands(CLI::App& app, Program& program);
void AddValidatorCommands(CLI::App& app, Program& program);
void AddEvidenceCommands(CLI::App& app, Program& program);
void AddEditionCommands(CLI::App& app, Program& program);
void AddRecoveryCommands(CLI::App& app, Program& program);
void AddTestnetCommands(CLI::App& app, Program& program);
void AddImportCommands(CLI::App& app, Program& program);
void AddDevCommands(CLI::App& app, Program& program);
void AddWorkloadCommands(CLI::App& app, Program& program);
void AddHelpCommands(CLI::App& app, Program& program);

// Further files of the families `org` and `entry`.
void AddListingCommands(CLI::App& org, Program& program);
void AddApprovalCommands(CLI::App& entry, Program& program);

}  // namespace timebank::cli
