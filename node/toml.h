// The TOML parser. Include this, not <toml++/toml.h>: built with its assertions, the parser ends
// the process at input for which it has an error at hand.
#pragma once

#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>
