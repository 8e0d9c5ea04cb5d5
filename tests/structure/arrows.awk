# Reads the table of arrows, then lines "count KIND N" and "include FILE LINE HEADER"; see check_arrows.

function problem(text) { print text; ++problems }

function stem(file) { sub(/\.[a-z]+$/, "", file); return file }

# The part of a file: the longest of its own name, its name without extension, and the folders it is in.
function part_of(file,    name) {
  if (file in part) return part[file]
  name = stem(file)
  while (!(name in part)) if (!sub(/\/[^\/]*$/, "", name)) return ""
  return part[name]
}

# Strongly connected components of a graph (Tarjan): headers, or units of a header and its .cpp file, whose keys begin with "unit ".
function connect(node,    list, count, i, next_node, size, member) {
  order[node] = low[node] = ++visited
  stack[++depth] = node
  on_stack[node] = 1
  count = split(edges[node], list, "|")
  for (i = 2; i <= count; ++i) {
    next_node = list[i]
    if (!(next_node in order)) {
      connect(next_node)
      if (low[next_node] < low[node]) low[node] = low[next_node]
    } else if (on_stack[next_node] && order[next_node] < low[node]) {
      low[node] = order[next_node]
    }
  }
  if (low[node] != order[node]) return
  size = 0
  do {
    member[++size] = stack[depth]
    on_stack[stack[depth]] = 0
  } while (stack[depth--] != node)
  if (size == 1) return
  if (node ~ /^unit /) {
    line = ""
    for (i = size; i >= 1; --i) line = line " " substr(member[i], 6)
    if (size > largest_circle) largest_circle = size
    circles = circles sprintf("a circle of %d units (header and .cpp):%s\n", size, line)
    return
  }
  for (i = 1; i <= size; ++i) {
    if (member[i] in known_circle) used_circle[member[i]]
    else problem(member[i] ": in a circle of " size " headers that include each other")
  }
}

function check_count(kind, count) {
  if (count > limit[kind] && !(kind in known_count)) problem(kind ": " count ", at most " limit[kind])
  if (kind in known_count && count > known_count[kind]) problem(kind ": " count " where " known_count[kind] " are known")
  if (kind in known_count && count <= limit[kind]) problem(table ": \"known " kind "\" is no longer needed")
  else if (kind in known_count && count < known_count[kind]) problem(table ": \"known " kind " " known_count[kind] "\" can be " count)
  counts = counts sprintf("%s %d of at most %d%s\n", kind, count, limit[kind], kind in known_count ? " (known)" : "")
}

FILENAME == table {
  sub(/#.*/, "")
  if ($1 == "part") {
    name = $2
    sub(/:$/, "", name)
    places[++part_count] = name
    rank[name] = part_count
    for (i = 3; i <= NF; ++i) part[$i] = name
  } else if ($1 == "known" && $3 == "->") {
    known[$2 " " $4]
  } else if ($1 == "known") {
    known_count[$2] = $3
  } else if ($1 == "limit") {
    limit[$2] = $3
  } else if ($1 == "circle") {
    known_circle[$2]
  } else if ($2 == "->") {
    if (!($1 in rank)) problem(table ": " $1 " is no part")
    for (i = 3; i <= NF; ++i) {
      if (!($i in rank)) problem(table ": " $1 " -> " $i ": there is no such part above this line")
      else if (rank[$i] >= rank[$1]) problem(table ": " $1 " -> " $i ": this arrow goes back")
      allowed[$1, $i]
    }
  } else if (NF > 0) {
    problem(table ": \"" $0 "\" is not understood")
  }
  next
}

$1 == "count" { check_count($2, $3); next }

$1 == "include" {
  ++includes
  if ($2 ~ /\.h$/) {
    edges[$2] = edges[$2] "|" $4
    nodes[++node_count] = $2
  }
  edges["unit " stem($2)] = edges["unit " stem($2)] "|unit " stem($4)
  nodes[++node_count] = "unit " stem($2)
  from = part_of($2)
  to = part_of($4)
  if (from == "") { problem($2 ": belongs to no part"); next }
  if (to == "") { problem($2 ":" $3 ": " $4 " belongs to no part"); next }
  if (from == to) next
  if ((from, to) in allowed) {
    ++arrows[from, to]
  } else if (($2 " " $4) in known) {
    used[$2 " " $4]
    ++known_arrows
  } else {
    problem($2 ":" $3 ": #include <recur/" $4 ">: " from " may not include " to)
  }
}

END {
  for (i = 1; i <= node_count; ++i) if (!(nodes[i] in order)) connect(nodes[i])
  check_count("units_in_a_circle", largest_circle)
  for (entry in known) if (!(entry in used)) problem(table ": \"known " entry "\": there is no such include any more")
  for (header in known_circle) if (!(header in used_circle)) problem(table ": \"circle " header "\": it is in none any more")
  for (i = 1; i <= part_count; ++i) {
    line = ""
    for (j = 1; j < i; ++j)
      if ((places[i], places[j]) in arrows) line = line sprintf(" %s(%d)", places[j], arrows[places[i], places[j]])
    printf "%-10s ->%s\n", places[i], line
  }
  printf "%s%s", circles, counts
  printf "%d includes checked, %d known to be against the arrows, %d problems\n", includes, known_arrows, problems
  exit problems > 0 || includes == 0
}
