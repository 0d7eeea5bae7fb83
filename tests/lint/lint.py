#!/usr/bin/env python3
"""Checks what CONTRIBUTING.md asks of the tree, as far as a machine can.

Speaks TAP: one line for each rule on the source tree, with what it found as
comments, and one line for each rule on examples, where it must find what is
wrong and nothing else. Words as arguments choose rules.

    SRCDIR        the source tree; default: the one that this file is in
    CLANG_FORMAT  the program; default: clang-format-14
"""

import os
import sys

import examples
import rules_code
import rules_tree
from tree import Tree

RULES = (
    ("rooms", rules_tree.rooms),
    ("foreign headers", rules_tree.foreign),
    ("layout", rules_tree.layout),
    ("readable C", rules_code.readable),
    ("sizes", rules_code.sizes),
    ("documentation", rules_code.documented),
    ("attributes", rules_code.attributes),
    ("banned functions", rules_code.banned),
    ("paths in pages", rules_tree.pages),
    ("Makefile.am", rules_tree.makefile),
    ("texts", rules_tree.texts),
    ("settings", rules_tree.settings),
)


def check_tree(rule, root):
    """What is wrong with the tree, as lines."""
    return sorted({"%s:%d: %s" % p for p in rule(root)})


def check_examples(rule):
    """What the rule says wrongly of its examples, as lines."""
    wrong = []
    cases = [case for case in examples.CASES if case.rule == rule.__name__]
    if not any(case.wanted for case in cases) or all(
            case.wanted for case in cases):
        wrong.append("it has no bad or no good example")
    for case in cases:
        said = sorted("%s:%d: %s" % p for p in rule(Tree(case.files)))
        if len(said) != len(case.wanted) or not all(
                line.startswith(want)
                for want, line in zip(sorted(case.wanted), said)):
            wrong += ["example '%s': wanted %s" % (case.name,
                                                   sorted(case.wanted)),
                      "    but it says %s" % said]
    return wrong


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = Tree.read(os.environ.get("SRCDIR") or
                     os.path.dirname(os.path.dirname(here)))
    chosen = [(name, rule) for name, rule in RULES if not sys.argv[1:] or
              any(word in name for word in sys.argv[1:])]
    tests = [(name, lambda rule=rule: check_tree(rule, root))
             for name, rule in chosen]
    tests += [("%s: finds what is wrong in examples, and only that" % name,
               lambda rule=rule: check_examples(rule))
              for name, rule in chosen]
    failed = 0
    print("1..%d" % len(tests))
    for number, (name, test) in enumerate(tests, 1):
        wrong = test()
        failed += bool(wrong)
        print("%s %d - %s" % ("not ok" if wrong else "ok", number, name))
        for line in wrong:
            print("# " + line)
    sys.exit(1 if failed or not tests else 0)


if __name__ == "__main__":
    main()
