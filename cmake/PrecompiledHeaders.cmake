# What most sources parse first, parsed once per group (ledger/entry_visit.cc alone: from 5.1 to 1.5
# s of processor time). Only headers that never change with our sources; the layer lint still reads every include.
function(timebank_precompiled)
  cmake_parse_arguments(A "" "NAME" "HEADERS;DEPS;OPTIONS;TARGETS" ${ARGN})
  set(pch timebank_${A_NAME}_pch)
  file(WRITE ${PROJECT_BINARY_DIR}/${pch}.cc "")
  add_library(${pch} OBJECT ${PROJECT_BINARY_DIR}/${pch}.cc)
  target_link_libraries(${pch} PRIVATE timebank_warnings ${A_DEPS})
  target_compile_options(${pch} PRIVATE ${A_OPTIONS})
  target_precompile_headers(${pch} PRIVATE ${A_HEADERS})
  timebank_fresh_pch(${pch})
  foreach(target ${A_TARGETS})
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endforeach()
endfunction()

set(standard_headers <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <set>
    <span> <string> <string_view> <utility> <variant> <vector>)

get_property(fuzz_targets GLOBAL PROPERTY TIMEBANK_FUZZ_TARGETS)
timebank_precompiled(NAME schema
  HEADERS ${standard_headers} <timebank/v1/block.pb.h> <timebank/v1/record.pb.h>
          <timebank/v1/transaction.pb.h>
  DEPS timebank_proto
  TARGETS timebank_chain timebank_cli timebank_consensus timebank_ledger timebank_ledger_testing
          timebank_naive_ledger timebank_platform timebank_replica timebank_scenario
          timebank_side_by_side timebank_sim timebank_sim_world timebank_storage ${fuzz_targets})

timebank_precompiled(NAME rpc
  HEADERS ${standard_headers} <grpcpp/grpcpp.h> <timebank/v1/query.grpc.pb.h>
  DEPS timebank_grpc
  TARGETS timebank_client timebank_hostile timebank_node_process timebank_rpc)

timebank_precompiled(NAME cli
  HEADERS ${standard_headers} <CLI/CLI.hpp> <nlohmann/json.hpp> <timebank/v1/query.pb.h>
  DEPS timebank_proto CLI11::CLI11 nlohmann_json::nlohmann_json
  OPTIONS ${TIMEBANK_GLUE_OPTIONS}
  TARGETS timebank)
