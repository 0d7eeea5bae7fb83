"""Reads C as far as the rules need it: tokens, and what stands in a file.

This is no compiler. Directives are tokens of their own (marked by `directive`)
and macros are not expanded; a file is taken as a sequence of items, each a
function, a prototype, a type or a variable. What cannot be told apart is
reported (Source.faults), never skipped.
"""

import re

_TOKEN = re.compile(r"""
    (?P<newline>\n)
  | (?P<splice>\\\n)
  | (?P<space>[ \t\f\v\r]+)
  | (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>[uUL]?'(?:\\.|[^'\\\n])*')
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<punct>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\.\.\.
      |[-+*/%&|^]=|\#\#|.)
    """, re.VERBOSE | re.DOTALL)

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = set(_PAIRS.values())


class Token:
    """A piece of text; `alone` when nothing stands before it on its line."""

    __slots__ = ("kind", "text", "line", "end", "column", "alone", "directive")

    def __init__(self, kind, text, line, column, alone, directive):
        self.kind = kind
        self.text = text
        self.line = line
        self.end = line + text.count("\n")
        self.column = column
        self.alone = alone
        self.directive = directive

    def __repr__(self):
        return "%s:%d" % (self.text, self.line)


def tokenize(text):
    """All tokens but white space."""
    tokens = []
    line, start, directive, alone = 1, 0, False, True
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match.group()
        if kind == "newline":
            directive, alone = False, True
            line, start = line + 1, match.end()
        elif kind == "splice":
            line, start = line + 1, match.end()
        elif kind != "space":
            if piece == "#" and alone:
                directive = True
            tokens.append(Token(kind, piece, line, match.start() - start,
                                alone, directive))
            alone = alone and kind == "comment"
            if "\n" in piece:
                line += piece.count("\n")
                start = match.start() + piece.rindex("\n") + 1
    return tokens


def closing(tokens, i):
    """The index of the bracket that closes the one at i, or None."""
    stack = []
    for j in range(i, len(tokens)):
        text = tokens[j].text
        if tokens[j].kind != "punct":
            continue
        if text in _PAIRS:
            stack.append(_PAIRS[text])
        elif text in _CLOSING:
            if not stack or stack.pop() != text:
                return None
            if not stack:
                return j
    return None


def split(tokens, mark):
    """The parts of tokens between marks that stand in no bracket."""
    parts, part, depth = [], [], 0
    for t in tokens:
        if t.kind == "punct" and t.text in _PAIRS:
            depth += 1
        elif t.kind == "punct" and t.text in _CLOSING:
            depth -= 1
        if t.kind == "punct" and t.text == mark and depth == 0:
            parts.append(part)
            part = []
        else:
            part.append(t)
    return parts + [part]


def text_of(tokens):
    return " ".join(t.text for t in tokens)


def _is_attribute(word):
    """__attribute__, or a macro that stands for one."""
    return word == "__attribute__" or word == "_Static_assert" or (
        word.isupper() and len(word) > 1)


class Item:
    """One thing at the outermost level of a file.

    kind    function, prototype, type, variable or typedef
    tokens  all of it
    name    of a function or prototype
    head    tokens before the parameters
    tail    tokens behind them, up to the body
    params  of a function or prototype: a list of lists of tokens
    body    tokens between the braces of a function or type, or None
    """

    def __init__(self, tokens):
        self.tokens = tokens
        self.first, self.last = tokens[0], tokens[-1]
        self.name = None
        self.head = self.tail = self.params = self.body = None
        self.kind = self._find_kind()

    @property
    def lines(self):
        return self.last.end - self.first.line + 1

    def words(self):
        return [t.text for t in self.tokens if t.kind == "word"]

    def _find_kind(self):
        texts = [t.text for t in self.tokens]
        brace = texts.index("{") if "{" in texts else len(texts)
        equals = texts.index("=") if "=" in texts else len(texts)
        if texts[0] == "typedef":
            return "typedef"
        group = self._find_parameters(min(brace, equals))
        if group is not None:
            self._take(group, brace)
            return "prototype" if self.body is None else "function"
        if any(w in texts[:brace] for w in ("struct", "union", "enum")) and (
                brace < equals):
            end = closing(self.tokens, brace)
            self.body = self.tokens[brace + 1:end]
            return "type"
        if len(texts) == 3 and texts[0] in ("struct", "union"):
            return "forward"
        return "variable"

    def _find_parameters(self, limit):
        """Indices of the parentheses of a function's parameters."""
        i = 0
        while i < limit:
            if self.tokens[i].text != "(":
                i += 1
                continue
            end = closing(self.tokens, i)
            before = self.tokens[i - 1] if i > 0 else None
            if before is not None and before.kind == "word" and (
                    not _is_attribute(before.text)):
                return i, end
            if before is None or before.kind != "word":
                return None             # a pointer to a function
            i = end + 1
        return None

    def _take(self, group, brace):
        start, end = group
        self.name = self.tokens[start - 1].text
        self.head = self.tokens[:start]
        self.tail = self.tokens[end + 1:brace]
        self.params = [p for p in split(self.tokens[start + 1:end], ",")
                       if text_of(p) not in ("", "void")]
        if brace < len(self.tokens):
            self.body = self.tokens[brace + 1:-1]


class Source:
    """A file of C: tokens, comments, includes, items, and what is unclear."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.tokens = tokenize(text)
        self.comments = [t for t in self.tokens if t.kind == "comment"]
        self.code = [t for t in self.tokens
                     if t.kind != "comment" and not t.directive]
        self.faults = []
        self.items = list(self._find_items())
        self._starts = {t.line: t for t in self.comments if not t.alone}
        self._ends = {t.end: t for t in self.comments if t.alone}

    def _find_items(self):
        start, i, code = 0, 0, self.code
        while i < len(code):
            text = code[i].text if code[i].kind == "punct" else ""
            ended = text == ";"
            if text in _PAIRS:
                end = closing(code, i)
                if end is None:
                    self.faults.append((code[i].line, "unbalanced " + text))
                    return
                ended = text == "{" and self._is_body(code[start:i])
                i = end
            elif text in _CLOSING:
                self.faults.append((code[i].line, "unbalanced " + text))
                return
            i += 1
            if ended:
                if i - start > 1:
                    yield Item(code[start:i])
                start = i
        if start < len(code):
            self.faults.append((code[start].line, "no end of what begins here"))

    @staticmethod
    def _is_body(before):
        """Whether a brace behind these tokens begins a function's body."""
        return bool(before) and Item(before).kind == "prototype"

    def includes(self):
        """(line, name, is_system) of every #include."""
        for number, line in enumerate(self.lines, 1):
            m = re.match(r'\s*#\s*include\s*(<([^>]+)>|"([^"]+)")', line)
            if m:
                yield number, m.group(2) or m.group(3), bool(m.group(2))

    def of_kind(self, *kinds):
        return [item for item in self.items if item.kind in kinds]

    def comment_above(self, token):
        return self._ends.get(token.line - 1)

    def is_documented(self, first, last):
        """A comment ends above the first token or begins behind the last."""
        before = self._ends.get(first.line - 1) or self._ends.get(first.line)
        after = self._starts.get(last.end)
        return before is not None or (
            after is not None and after.column > last.column)

    def members(self, item):
        """(first token, last token, name) of each member of a type."""
        yield from self._members(item.tokens)

    def _members(self, tokens):
        brace = next(i for i, t in enumerate(tokens) if t.text == "{")
        body = tokens[brace + 1:closing(tokens, brace)]
        is_enum = "enum" in [t.text for t in tokens[:brace]]
        for part in split(body, "," if is_enum else ";"):
            if not part:
                continue
            names = [t.text for t in part if t.kind == "word"]
            yield part[0], part[-1], names[0] if is_enum else names[-1]
            if not is_enum and any(t.text == "{" for t in part):
                yield from self._members(part)


_CONTROL = {"if", "for", "while", "switch"}
_DECISIONS = {"if", "for", "while", "case", "&&", "||", "?"}


def complexity(body):
    """Decisions of a function, and one."""
    return 1 + sum(t.text in _DECISIONS and t.kind in ("word", "punct")
                   for t in body)


class Depth:
    """How deep the statements of a function nest, braces or not."""

    def __init__(self, body):
        self.tokens = body
        self.deepest, self.line = 0, 0
        i = 0
        while i < len(body):
            i = self._statement(i, 0)

    def _text(self, i):
        return self.tokens[i].text if i < len(self.tokens) else ""

    def _inner(self, i, depth):
        """The statement that a control statement controls."""
        if depth > self.deepest and i < len(self.tokens):
            self.deepest, self.line = depth, self.tokens[i].line
        return self._statement(i, depth)

    def _statement(self, i, depth):
        """Walk over one statement; the index behind it."""
        text = self._text(i)
        if text == "{":
            return self._block(i, depth)
        if text == "if":
            return self._if(i, depth)
        if text in _CONTROL:
            return self._inner(self._behind(i + 1), depth + 1)
        if text == "do":
            i = self._inner(i + 1, depth + 1)
            return self._plain(i)
        if text in ("case", "default") or self._text(i + 1) == ":":
            while self._text(i) not in (":", ""):
                i += 1
            return self._statement(i + 1, depth) if (
                self._text(i + 1) not in ("}", "")) else i + 1
        return self._plain(i)

    def _block(self, i, depth):
        end = closing(self.tokens, i)
        i += 1
        while i < end:
            i = self._statement(i, depth)
        return end + 1

    def _if(self, i, depth):
        i = self._inner(self._behind(i + 1), depth + 1)
        if self._text(i) != "else":
            return i
        if self._text(i + 1) == "if":
            return self._if(i + 1, depth)
        return self._inner(i + 1, depth + 1)

    def _behind(self, i):
        """Behind the parentheses at i."""
        return closing(self.tokens, i) + 1

    def _plain(self, i):
        """Behind the semicolon that ends a declaration or expression."""
        while i < len(self.tokens) and self._text(i) != ";":
            if self._text(i) in _PAIRS and self.tokens[i].kind == "punct":
                i = closing(self.tokens, i)
            i += 1
        return i + 1
