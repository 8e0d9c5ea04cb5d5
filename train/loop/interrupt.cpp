#include <recur/train/loop/interrupt.h>

#include <recur/framework/tensor/error.h>

#include <array>
#include <csignal>

namespace recur {
namespace {

constexpr std::array<int, 4> signals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

// A signal handler can reach nothing but objects of static storage.
volatile std::sig_atomic_t interrupted_by = 0;
bool guard_alive = false;
std::array<struct sigaction, signals.size()> earlier;

struct sigaction with_handler(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  return action;
}

extern "C" void recur_on_interrupt(int signal) {
  interrupted_by = signal;
  const struct sigaction kill = with_handler(SIG_DFL);
  for (std::size_t i = 0; i < signals.size(); ++i)
    if (earlier[i].sa_handler != SIG_IGN) (void)::sigaction(signals[i], &kill, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  require<StateError>(!guard_alive, "InterruptGuard: there is one already");
  guard_alive = true;
  interrupted_by = 0;
  const struct sigaction ask = with_handler(recur_on_interrupt);
  for (std::size_t i = 0; i < signals.size(); ++i) (void)::sigaction(signals[i], nullptr, &earlier[i]);
  for (std::size_t i = 0; i < signals.size(); ++i)
    if (earlier[i].sa_handler != SIG_IGN) (void)::sigaction(signals[i], &ask, nullptr);
}

InterruptGuard::~InterruptGuard() {
  for (std::size_t i = 0; i < signals.size(); ++i) (void)::sigaction(signals[i], &earlier[i], nullptr);
  guard_alive = false;
}

int InterruptGuard::signal() { return interrupted_by; }

}  // namespace recur
