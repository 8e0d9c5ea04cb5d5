# Turns the C++ blocks of pages of text (```cpp … ```) into one source file, to be checked for syntax. Each block is in a namespace
# of its own. A block with a function or a template is compiled as it is; any other is put into a function. Names that
# a page leaves to the reader, such as `model`, are in context.h. A line that consists of `…` is left out.
# Usage: awk -f cpp_blocks.awk PAGE…

function emit(    i, line, whole) {
  whole = 0
  for (i = 1; i <= count; ++i)
    if (lines[i] ~ /^ *template <|^int main\(/ || (lines[i] ~ /^(auto|Var|inline|Tensor).*\) \{/ && lines[i] !~ / = /)) whole = 1
  body = body sprintf("namespace block_%d {\n%s#line %d \"%s\"\n", ++blocks, whole ? "" : "[[maybe_unused]] static void block() {\n", first, FILENAME)
  for (i = 1; i <= count; ++i) {
    line = lines[i]
    if (line ~ /^#include/) {
      if (!(line in included)) includes = includes line "\n"
      included[line]
      line = ""
    }
    if (line ~ /^[ \t]*…$/) line = ""
    body = body line "\n"
  }
  body = body (whole ? "}\n" : "}}\n")
}

FNR == 1 && inside { print FILENAME ": a block has no end" > "/dev/stderr"; failed = 1; inside = 0 }
/^```cpp$/ { inside = 1; count = 0; first = FNR + 1; next }
/^```/ { if (inside) emit(); inside = 0; next }
inside { lines[++count] = $0 }

END {
  if (inside || blocks == 0) { print "cpp_blocks: " (inside ? "a block has no end" : "there are no blocks") > "/dev/stderr"; failed = 1 }
  printf "#include \"context.h\"\n%s%s", includes, body
  exit failed
}
