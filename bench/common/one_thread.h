#pragma once

#include <recur/framework/threads/parallel.h>

namespace recur::bench {

/// One thread, so that the figures compare; puts the old number back.
class OneThread {
 public:
  OneThread() : before_(threads()) { set_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { set_threads(before_); }

 private:
  int before_;
};

}  // namespace recur::bench
