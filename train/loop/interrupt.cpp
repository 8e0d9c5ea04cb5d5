#include <recur/train/loop/interrupt.h>

#include <recur/framework/tensor/error.h>

#include <csignal>

namespace recur {
namespace {

// A signal handler can reach nothing but objects of static storage.
volatile std::sig_atomic_t interrupt_requested = 0;
bool guard_alive = false;

extern "C" void recur_on_interrupt(int signal) {
  interrupt_requested = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  require<StateError>(!guard_alive, "InterruptGuard: there is one already");
  guard_alive = true;
  interrupt_requested = 0;
  std::signal(SIGINT, recur_on_interrupt);
  std::signal(SIGTERM, recur_on_interrupt);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  guard_alive = false;
}

bool InterruptGuard::requested() { return interrupt_requested != 0; }

}  // namespace recur
