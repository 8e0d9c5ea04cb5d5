#pragma once

#include <filesystem>

namespace recur {

/// Holds a folder for this object alone: a second FolderLock of it, in this or another process, is refused until the first is
/// destroyed or its process ends. Leaves no file. Where the file system has no locks it holds nothing.
class FolderLock {
 public:
  /// Makes the folder if it is not there. @throws FormatError if it cannot be made or opened; StateError if it is held.
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
