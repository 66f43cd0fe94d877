// The program `timebank`.
#include "wallet-cli/app.h"

int main(int argc, char** argv) { return timebank::cli::RunProgram(argc, argv); }
