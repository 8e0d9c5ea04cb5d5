#include <recur/io/npz.h>

#include <recur/io/atomic_file.h>

#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>

namespace recur {
namespace {

constexpr std::string_view ending = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { ::zip_discard(archive); }
  void operator()(zip_file_t* file) const { (void)::zip_fclose(file); }
  void operator()(zip_source_t* source) const { ::zip_source_free(source); }
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
  zip_error_t error;
  ::zip_error_init(&error);
  const auto refuse = [&](std::string reason) {
    fail<FormatError>("NpzWriter: '{}' cannot be written: {}", path_.string(), reason);
  };
  // The archive is made in memory: `result` outlives the handle it is made with.
  std::unique_ptr<zip_source_t, Discard> result(::zip_source_buffer_create(nullptr, 0, 0, &error));
  if (result == nullptr) refuse(reason_of(&error));
  Zip zip(::zip_open_from_source(result.get(), ZIP_TRUNCATE, &error));
  if (zip == nullptr) refuse(reason_of(&error));
  ::zip_source_keep(result.get());
  for (const auto& [name, bytes] : files_) {
    zip_source_t* source = ::zip_source_buffer(zip.get(), bytes.data(), bytes.size(), 0);
    if (source == nullptr) refuse(::zip_strerror(zip.get()));
    const zip_int64_t index = ::zip_file_add(zip.get(), (name + std::string(ending)).c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      ::zip_source_free(source);
      refuse(::zip_strerror(zip.get()));
    }
    // The same arrays make the same file, whatever the time.
    constexpr zip_uint16_t first_of_january_1980 = 1U << 5U | 1U;
    (void)::zip_file_set_dostime(zip.get(), static_cast<zip_uint64_t>(index), 0, first_of_january_1980, 0);
  }
  if (::zip_close(zip.get()) != 0) refuse(::zip_strerror(zip.get()));
  (void)zip.release();  // NOLINT: closed
  zip_stat_t status;
  ::zip_stat_init(&status);
  if (::zip_source_stat(result.get(), &status) != 0 || ::zip_source_open(result.get()) != 0)
    refuse(reason_of(::zip_source_error(result.get())));
  std::string bytes(status.size, '\0');
  const zip_int64_t got = ::zip_source_read(result.get(), bytes.data(), bytes.size());
  (void)::zip_source_close(result.get());
  if (got != static_cast<zip_int64_t>(bytes.size())) refuse("the archive cannot be read back");
  AtomicFile file(path_);
  file.write(bytes);
  file.commit();
}

}  // namespace recur
