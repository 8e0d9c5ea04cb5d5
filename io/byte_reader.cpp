#include <recur/io/byte_reader.h>

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace recur {
namespace {

class GzipReader final : public ByteReader {
 public:
  GzipReader(std::string function, const std::filesystem::path& path)
      : ByteReader(std::move(function), path.string()), file_(nullptr, &::gzclose) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    check(std::filesystem::exists(status), "the file does not exist");
    check(std::filesystem::is_regular_file(status), "this is not a file");
    const std::uint64_t size = std::filesystem::file_size(path, error);
    check(!error, "the size of the file is unknown: {}", error.message());
    errno = 0;
    file_.reset(::gzopen(path.c_str(), "rbe"));
    check(file_ != nullptr, "the file cannot be opened: {}", std::strerror(errno));
    constexpr unsigned buffer_size = 128 * 1024;
    ::gzbuffer(file_.get(), buffer_size);
    const bool plain = ::gzdirect(file_.get()) == 1;
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / largest_deflate_ratio;
    set_limit(plain ? size : std::min(size, most) * largest_deflate_ratio);
  }

 private:
  std::size_t read_some(std::span<std::byte> to) override {
    std::size_t done = 0;
    while (done < to.size()) {
      constexpr std::size_t largest_piece = 1U << 30U;
      const auto piece = static_cast<unsigned>(std::min(to.size() - done, largest_piece));
      const int got = ::gzread(file_.get(), to.data() + done, piece);
      int error = Z_OK;
      const char* reason = ::gzerror(file_.get(), &error);
      if (got < 0 || (error != Z_OK && error != Z_STREAM_END))
        refuse(position() + done, fmt::format("cannot inflate or read the file: {}", reason));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

void ByteReader::read(std::span<std::byte> to) {
  const std::size_t got = read_some(to);
  if (got < to.size())
    refuse(position_, fmt::format("{} bytes are needed here, the file has {} more (cut short?)", to.size(), got));
  position_ += got;
}

void ByteReader::finish() {
  std::byte surplus{};
  check(read_some(std::span(&surplus, 1)) == 0, "the data should end here, but bytes follow");
}

void ByteReader::refuse(std::uint64_t offset, const std::string& message) const {
  fail<FormatError>("{}: '{}', byte {}: {}", function_, name_, offset, message);
}

std::unique_ptr<ByteReader> open_file(std::string function, const std::filesystem::path& path) {
  return std::make_unique<GzipReader>(std::move(function), path);
}

}  // namespace recur
