#pragma once

#include "../temporary_directory.h"

#include <cstdio>

/// Collects what is printed on standard error during its lifetime.
class StandardError {
 public:
  explicit StandardError(const TemporaryDirectory& folder) : path_(folder.file("err")), kept_(::dup(2)) {
    std::fflush(stderr);
    (void)!std::freopen(path_.c_str(), "w", stderr);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;
  ~StandardError() {
    std::fflush(stderr);
    ::dup2(kept_, 2);
    ::close(kept_);
  }
  [[nodiscard]] std::string text() const {
    std::fflush(stderr);
    return TemporaryDirectory::read(path_);
  }

 private:
  std::filesystem::path path_;
  int kept_;
};
