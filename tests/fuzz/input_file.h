#pragma once

#include <recur/framework/tensor/error.h>

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

/// Gives a reader of files one of these bytes. Whatever they are, it may throw an `Error` and nothing else.
template <class Read>
void read_as_file(const std::uint8_t* bytes, std::size_t count, Read read) {
  static const std::filesystem::path path = [] {
    const std::filesystem::path memory = "/dev/shm";
    const auto folder = std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    return folder / ("recur-fuzz-" + std::to_string(::getpid()));
  }();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  try {
    read(path);
  } catch (const recur::Error&) {
  }
}
