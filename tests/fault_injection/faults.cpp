// Preloaded (LD_PRELOAD) into a program, makes one of its system calls or allocations go wrong:
//   FAULT_CALL=write|fsync|rename|open|allocation   which
//   FAULT_AT=N       the N-th since main began; without it nothing goes wrong
//   FAULT_ACTION=    fail: it fails once; full: it and all later ones fail, as on a full disk; kill: the program is
//                    killed in it
//   FAULT_COUNTS=    a file that the numbers of all calls are written to when main returns
// The N-th write is torn: half of its bytes are written before it fails or kills. Opening fails for files that are
// created or written.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

enum Call : std::size_t { write_call, fsync_call, rename_call, open_call, allocation, call_count };
constexpr std::array<const char*, call_count> names = {"write", "fsync", "rename", "open", "allocation"};

enum class Action { none, fail, full, kill };

std::array<std::atomic<long>, call_count> counts{};
std::atomic<bool> in_main = false;
std::size_t chosen = call_count;
long at = 0;
Action action = Action::none;

void read_environment() {
  const char* const call = std::getenv("FAULT_CALL");
  const char* const number = std::getenv("FAULT_AT");
  const char* const how = std::getenv("FAULT_ACTION");
  if (call == nullptr || number == nullptr || how == nullptr) return;
  for (std::size_t i = 0; i < call_count; ++i)
    if (std::string_view(call) == names[i]) chosen = i;
  at = std::strtol(number, nullptr, 10);
  const std::string_view text = how;
  action = text == "kill" ? Action::kill : text == "full" ? Action::full : Action::fail;
}

// What becomes of the present call.
Action fate_of(Call call) {
  if (!in_main) return Action::none;
  const long number = ++counts[call];
  if (call != chosen) return Action::none;
  if (number == at) return action;
  return action == Action::full && number > at ? Action::full : Action::none;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

// Returns true if a call that does nothing halfway shall fail; errno says why.
bool goes_wrong(Call call, int error) {
  const Action fate = fate_of(call);
  if (fate == Action::kill) die();
  if (fate == Action::none) return false;
  errno = error;
  return true;
}

bool no_memory() { return goes_wrong(allocation, ENOMEM); }

int (*real_main)(int, char**, char**) = nullptr;

int main_with_faults(int argc, char** argv, char** environment) {
  read_environment();
  in_main = true;
  const int status = real_main(argc, argv, environment);
  in_main = false;
  if (const char* const file = std::getenv("FAULT_COUNTS"); file != nullptr)
    if (std::FILE* const to = std::fopen(file, "w"); to != nullptr) {
      for (std::size_t i = 0; i < call_count; ++i) std::fprintf(to, "%s %ld\n", names[i], counts[i].load());
      std::fclose(to);
    }
  return status;
}

int open_with(const char* path, int flags, mode_t mode) {
  static auto* const real = next<int(const char*, int, ...)>("open");
  if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0 && goes_wrong(open_call, EMFILE)) return -1;
  return real(path, flags, mode);
}

mode_t mode_of(int flags, std::va_list list) { return (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0; }

}  // namespace

extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*loader_fini)(), void* stack_end) {
  using Start = int(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(), void (*)(), void*);
  real_main = main;
  return next<Start>("__libc_start_main")(&main_with_faults, argc, argv, init, fini, loader_fini, stack_end);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  const Action fate = fate_of(write_call);
  if (fate == Action::none) return real(descriptor, bytes, count);
  const bool first = counts[write_call] == at;
  if (first) (void)!real(descriptor, bytes, count / 2);
  if (fate == Action::kill) die();
  errno = ENOSPC;
  return -1;
}

int fsync(int descriptor) {
  static auto* const real = next<int(int)>("fsync");
  return goes_wrong(fsync_call, EIO) ? -1 : real(descriptor);
}

int rename(const char* from, const char* to) {
  static auto* const real = next<int(const char*, const char*)>("rename");
  return goes_wrong(rename_call, EACCES) ? -1 : real(from, to);
}

int open(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_with(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_with(path, flags, mode);
}

// glibc's own allocator under its other names.
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) { return no_memory() ? nullptr : __libc_malloc(bytes); }
void* calloc(size_t count, size_t bytes) { return no_memory() ? nullptr : __libc_calloc(count, bytes); }
void* realloc(void* memory, size_t bytes) { return no_memory() ? nullptr : __libc_realloc(memory, bytes); }
void* aligned_alloc(size_t alignment, size_t bytes) {
  return no_memory() ? nullptr : __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  if (no_memory()) return ENOMEM;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
}
