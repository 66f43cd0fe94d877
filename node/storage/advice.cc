#include "node/storage/advice.h"

#include <cerrno>
#include <system_error>

namespace timebank::storage {
namespace {

struct MachineFault {
  int error;
  std::string_view advice;
};
// RocksDB tells the reason of a failed call only in its text, which ends with the system's own.
constexpr MachineFault kMachineFaults[] = {
    {EAGAIN, "Another process uses this data directory: stop it, or wait until it has ended"},
    {EMFILE, "Too many files are open: raise the limit (ulimit -n, LimitNOFILE) and start again"},
    {ENFILE, "Too many files are open on this machine: end what holds them and start again"},
    {EACCES,
     "The node's user may not use it: give the data directory to that user (chown -R) and start "
     "again"},
    {EPERM, "The node's user may not use it: give the data directory to that user (chown -R)"},
    {EROFS, "The disk or this service may not write there: choose a writable data directory"},
    {ENOSPC, "The disk is full: give it space and start again"},
    {EDQUOT, "The quota of the disk is used up: raise it and start again"},
    {ENOMEM, "Memory is used up: free some and start again"},
};

}  // namespace

std::string WithAdvice(std::string text) {
  for (const MachineFault& fault : kMachineFaults) {
    if (text.find(std::generic_category().message(fault.error)) == std::string::npos) continue;
    return text.append(". The data itself is not the trouble. ").append(fault.advice);
  }
  return text.append(". Nothing was changed").append(kKeepData);
}

}  // namespace timebank::storage
