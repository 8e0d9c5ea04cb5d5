#include <recur/io/npz.h>

#include <recur/io/zip_file.h>

#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>

namespace recur {
namespace {

constexpr std::string_view ending = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { ::zip_discard(archive); }
  void operator()(zip_file_t* file) const { (void)::zip_fclose(file); }
};
using Zip = std::unique_ptr<zip_t, Discard>;

std::string reason_of(zip_error_t* error) {
  std::string reason = ::zip_error_strerror(error);
  ::zip_error_fini(error);
  return reason;
}

class MemberReader final : public ByteReader {
 public:
  MemberReader(std::string name, zip_t* archive, zip_uint64_t index) : ByteReader("NpzFile::load", std::move(name)) {
    zip_stat_t status;
    ::zip_stat_init(&status);
    check(::zip_stat_index(archive, index, 0, &status) == 0, "{}", ::zip_strerror(archive));
    constexpr auto wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    check((status.valid & wanted) == wanted, "the archive does not say how large this file is");
    const bool stored = status.comp_method == ZIP_CM_STORE;
    check(stored || status.comp_method == ZIP_CM_DEFLATE, "compression method {} is not supported (deflate is)",
          status.comp_method);
    check(stored ? status.size == status.comp_size : status.size / largest_deflate_ratio <= status.comp_size,
          "{} bytes are said to make {}", status.comp_size, status.size);
    file_.reset(::zip_fopen_index(archive, index, 0));
    check(file_ != nullptr, "{}", ::zip_strerror(archive));
    set_limit(status.size);
  }

 private:
  std::size_t read_some(std::span<std::byte> to) override {
    std::size_t done = 0;
    while (done < to.size()) {
      const zip_int64_t got = ::zip_fread(file_.get(), to.data() + done, to.size() - done);
      if (got < 0) refuse(position() + done, ::zip_file_strerror(file_.get()));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  std::unique_ptr<zip_file_t, Discard> file_;
};

}  // namespace

struct NpzFile::Archive {
  std::string path;
  Zip zip;
  std::map<std::string, zip_uint64_t, std::less<>> members;
};

NpzFile::NpzFile(const std::filesystem::path& path) : archive_(std::make_unique<Archive>()) {
  archive_->path = path.string();
  std::error_code unknown;
  require<FormatError>(std::filesystem::is_regular_file(path, unknown), "NpzFile: '{}' {}", archive_->path,
                       std::filesystem::exists(path, unknown) ? "is not a file" : "does not exist");
  int code = 0;
  archive_->zip.reset(::zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (archive_->zip == nullptr) {
    zip_error_t error;
    ::zip_error_init_with_code(&error, code);
    fail<FormatError>("NpzFile: '{}', {} bytes: {} (cut short?)", archive_->path,
                      std::filesystem::file_size(path, unknown), reason_of(&error));
  }
  const zip_int64_t count = ::zip_get_num_entries(archive_->zip.get(), 0);
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(std::max<zip_int64_t>(count, 0)); ++i) {
    const char* raw = ::zip_get_name(archive_->zip.get(), i, ZIP_FL_ENC_GUESS);
    require<FormatError>(raw != nullptr, "NpzFile: '{}': the name of file {} cannot be read: {}", archive_->path, i,
                         ::zip_strerror(archive_->zip.get()));
    std::string name = raw;
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    require<FormatError>(archive_->members.emplace(name, i).second, "NpzFile: '{}' has two arrays named '{}'",
                         archive_->path, name);
  }
}

NpzFile::~NpzFile() = default;
NpzFile::NpzFile(NpzFile&&) noexcept = default;
NpzFile& NpzFile::operator=(NpzFile&&) noexcept = default;

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, index] : archive_->members) names.push_back(name);
  return names;
}

bool NpzFile::contains(std::string_view name) const { return archive_->members.contains(name); }

std::unique_ptr<ByteReader> NpzFile::open(std::string_view name) const {
  const auto at = archive_->members.find(name);
  if (at == archive_->members.end())
    fail<ValueError>("NpzFile::load: '{}' has no array '{}' (it has: {})", archive_->path, name,
                     fmt::join(names(), ", "));
  return std::make_unique<MemberReader>(fmt::format("{}/{}{}", archive_->path, name, ending), archive_->zip.get(),
                                        at->second);
}

void NpzWriter::add(const std::string& name, const std::string& header, std::span<const std::byte> numbers) {
  require<ValueError>(!name.empty() && !files_.contains(name), "NpzWriter::add: the name '{}' is {}", name,
                      name.empty() ? "empty" : "there already");
  std::string bytes = header;
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size());
  files_.emplace(name, std::move(bytes));
}

void NpzWriter::commit() const {
  std::vector<ZipMember> members;
  for (const auto& [name, bytes] : files_) members.emplace_back(name + std::string(ending), bytes);
  write_zip("NpzWriter", path_, members, ZipCompression::deflate);
}

}  // namespace recur
