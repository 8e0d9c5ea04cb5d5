#pragma once

#include <filesystem>

namespace recur {

/// Locks a folder while it lives. A second FolderLock of that folder, in any process, is refused. The lock ends with
/// the process and leaves no file. On file systems without locks it has no effect.
class FolderLock {
 public:
  /// Makes the folder if it is missing and locks it. Throws FormatError if it cannot be made or opened, StateError if
  /// it is locked.
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int descriptor_ = -1;
};

}  // namespace recur
