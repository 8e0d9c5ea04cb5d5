#include <recur/io/zip_file.h>

#include <recur/io/atomic_file.h>
#include <recur/io/byte_reader.h>

#include <zip.h>

#include <algorithm>

namespace recur {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { ::zip_discard(archive); }
  void operator()(zip_file_t* file) const { (void)::zip_fclose(file); }
  void operator()(zip_source_t* source) const { ::zip_source_free(source); }
};

struct Member {
  zip_uint64_t index = 0;
  std::uint64_t size = 0;
  bool stored = false;
};

std::string reason_of(zip_error_t* error) {
  std::string reason = ::zip_error_strerror(error);
  ::zip_error_fini(error);
  return reason;
}

bool leaves_folder(std::string_view name) {
  return name.empty() || name.front() == '/' || name == ".." || name.starts_with("../") || name.ends_with("/..") ||
         name.find("/../") != std::string_view::npos;
}

}  // namespace

struct ZipFile::Archive {
  std::string path;
  std::unique_ptr<zip_t, Discard> zip;
  std::map<std::string, Member, std::less<>> members;

  void open() {
    std::error_code unknown;
    require<FormatError>(std::filesystem::is_regular_file(path, unknown), "ZipFile: '{}' {}", path,
                         std::filesystem::exists(path, unknown) ? "is not a file" : "does not exist");
    int code = 0;
    zip.reset(::zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
    if (zip != nullptr) return;
    zip_error_t error;
    ::zip_error_init_with_code(&error, code);
    fail<FormatError>("ZipFile: '{}': {} (cut short?)", path, reason_of(&error));
  }

  void list(zip_uint64_t index) {
    zip_stat_t status;
    ::zip_stat_init(&status);
    constexpr auto wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    require<FormatError>(
        ::zip_stat_index(zip.get(), index, ZIP_FL_ENC_GUESS, &status) == 0 && (status.valid & wanted) == wanted,
        "ZipFile: '{}': member {} cannot be read", path, index);
    const std::string name = status.name;
    require<FormatError>(!leaves_folder(name), "ZipFile: '{}': the name '{}' leaves the archive", path, name);
    const bool stored = status.comp_method == ZIP_CM_STORE;
    require<FormatError>(stored || status.comp_method == ZIP_CM_DEFLATE,
                         "ZipFile: '{}/{}': compression method {} is not supported (deflate is)", path, name,
                         status.comp_method);
    require<FormatError>(
        stored ? status.size == status.comp_size : status.size / largest_deflate_ratio <= status.comp_size,
        "ZipFile: '{}/{}': {} bytes are said to make {}", path, name, status.comp_size, status.size);
    require<FormatError>(members.emplace(name, Member{index, status.size, stored}).second,
                         "ZipFile: '{}' has two members named '{}'", path, name);
  }

  [[nodiscard]] const Member& find(std::string_view name) const {
    const auto at = members.find(name);
    require<ValueError>(at != members.end(), "ZipFile: '{}' has no member '{}'", path, name);
    return at->second;
  }
};

ZipFile::ZipFile(const std::filesystem::path& path) : archive_(std::make_unique<Archive>()) {
  archive_->path = path.string();
  archive_->open();
  const zip_int64_t count = ::zip_get_num_entries(archive_->zip.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) archive_->list(static_cast<zip_uint64_t>(i));
}

ZipFile::~ZipFile() = default;
ZipFile::ZipFile(ZipFile&&) noexcept = default;
ZipFile& ZipFile::operator=(ZipFile&&) noexcept = default;

std::vector<std::string> ZipFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : archive_->members) names.push_back(name);
  return names;
}

bool ZipFile::contains(std::string_view name) const { return archive_->members.contains(name); }
bool ZipFile::stored(std::string_view name) const { return archive_->find(name).stored; }

std::string ZipFile::read(std::string_view name, std::uint64_t largest) const {
  const Member& member = archive_->find(name);
  require<FormatError>(member.size <= largest, "ZipFile: '{}/{}' has {} bytes, at most {} are read", archive_->path,
                       name, member.size, largest);
  const std::unique_ptr<zip_file_t, Discard> file(::zip_fopen_index(archive_->zip.get(), member.index, 0));
  require<FormatError>(file != nullptr, "ZipFile: '{}/{}': {}", archive_->path, name,
                       ::zip_strerror(archive_->zip.get()));
  std::string bytes(member.size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const zip_int64_t got = ::zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
    require<FormatError>(got > 0, "ZipFile: '{}/{}', byte {}: {}", archive_->path, name, done,
                         got < 0 ? ::zip_file_strerror(file.get()) : "the member ends early");
    done += static_cast<std::size_t>(got);
  }
  char beyond = 0;  // the checksum is compared where the member ends
  require<FormatError>(::zip_fread(file.get(), &beyond, 1) == 0, "ZipFile: '{}/{}': the checksum is wrong",
                       archive_->path, name);
  return bytes;
}

void ZipWriter::add(const std::string& name, std::string bytes) {
  const bool known =
      std::any_of(members_.begin(), members_.end(), [&](const auto& member) { return member.first == name; });
  require<ValueError>(!name.empty() && !known, "ZipWriter::add: the name '{}' is {}", name,
                      name.empty() ? "empty" : "there already");
  members_.emplace_back(name, std::move(bytes));
}

void write_zip(std::string_view writer, const std::filesystem::path& path, std::span<const ZipMember> members,
               ZipCompression compression) {
  zip_error_t error;
  ::zip_error_init(&error);
  const auto refuse = [&](const std::string& reason) {
    fail<FormatError>("{}: '{}' cannot be written: {}", writer, path.string(), reason);
  };
  // The archive is made in memory. `result` outlives the handle it is made with.
  std::unique_ptr<zip_source_t, Discard> result(::zip_source_buffer_create(nullptr, 0, 0, &error));
  if (result == nullptr) refuse(reason_of(&error));
  std::unique_ptr<zip_t, Discard> zip(::zip_open_from_source(result.get(), ZIP_TRUNCATE, &error));
  if (zip == nullptr) refuse(reason_of(&error));
  ::zip_source_keep(result.get());
  for (const auto& [name, bytes] : members) {
    zip_source_t* source = ::zip_source_buffer(zip.get(), bytes.data(), bytes.size(), 0);
    if (source == nullptr) refuse(::zip_strerror(zip.get()));
    const zip_int64_t index = ::zip_file_add(zip.get(), name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      ::zip_source_free(source);
      refuse(::zip_strerror(zip.get()));
    }
    constexpr zip_uint16_t first_of_january_1980 = 1U << 5U | 1U;
    (void)::zip_file_set_dostime(zip.get(), static_cast<zip_uint64_t>(index), 0, first_of_january_1980, 0);
    if (compression == ZipCompression::none)
      (void)::zip_set_file_compression(zip.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
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
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void ZipWriter::commit(const std::filesystem::path& path) const {
  const std::vector<ZipMember> members(members_.begin(), members_.end());
  write_zip("ZipWriter", path, members, ZipCompression::none);
}

}  // namespace recur
