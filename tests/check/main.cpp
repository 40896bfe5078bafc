// SPDX-License-Identifier: LGPL-2.1-or-later
// The main() of every gst-check program: runs the tests that registered themselves.
#include "tests/check/support.h"

int main(int argc, char** argv) {
  gst_check_init(&argc, &argv);
  const std::vector<npumel::check::AddTest>& tests = npumel::check::registered_tests();
  if (tests.empty()) return 1;
  gchar* name = g_path_get_basename(argv[0]);
  Suite* suite = suite_create(name);
  TCase* group = tcase_create(name);
  for (const npumel::check::AddTest add : tests) add(group);
  suite_add_tcase(suite, group);
  const int failures = gst_check_run_suite(suite, name, name);
  g_free(name);
  return failures;
}
