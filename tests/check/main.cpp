// SPDX-License-Identifier: LGPL-2.1-or-later
// The main() of every gst-check program: runs the tests that registered themselves, a TCase a tag.
#include <map>

#include "tests/check/support.h"

// Fontconfig keeps what it has read for the life of the process, in places LeakSanitizer does not
// follow. A program may have suppressions of its own.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" __attribute__((weak)) const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\n";
}

int main(int argc, char** argv) {
  gst_check_init(&argc, &argv);
  const std::vector<npumel::check::RegisteredTest>& tests = npumel::check::registered_tests();
  if (tests.empty()) return 1;
  gchar* name = g_path_get_basename(argv[0]);
  Suite* suite = suite_create(name);
  std::map<std::string, TCase*> cases;
  for (const npumel::check::RegisteredTest& test : tests) {
    TCase*& group = cases[test.tag];
    if (group == nullptr) {
      group = tcase_create(*test.tag == '\0' ? name : test.tag);
      tcase_set_tags(group, test.tag);
      suite_add_tcase(suite, group);
    }
    test.add(group);
  }
  const int failures = gst_check_run_suite(suite, name, name);
  g_free(name);
  return failures;
}
