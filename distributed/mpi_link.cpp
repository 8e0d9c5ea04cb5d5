// The only file that knows MPI: a module of its own, which a program loads when it was started by mpirun.

#include <recur/distributed/link.h>

// Not the C++ bindings that MPI 3 has removed.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using recur::distributed::Link;
using recur::distributed::Note;

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::string text(MPI_MAX_ERROR_STRING, '\0');
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  text.resize(static_cast<std::size_t>(length));
  throw std::runtime_error(std::string(call) + ": " + text);
}

class MpiLink final : public Link {
 public:
  MpiLink() {
    int provided = MPI_THREAD_SINGLE;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    // Two communicators, so that notes and data cannot be taken for each other.
    check(MPI_Comm_dup(MPI_COMM_WORLD, &data_), "MPI_Comm_dup");
    check(MPI_Comm_dup(MPI_COMM_WORLD, &notes_), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(data_, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(notes_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(data_, &rank_);
    MPI_Comm_size(data_, &size_);
    listen();
  }

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }

  [[nodiscard]] Request send(int to, int tag, const void* bytes, std::size_t count) override {
    const Request place = free_place();
    check(MPI_Isend(bytes, static_cast<int>(count), MPI_BYTE, to, tag, data_, &requests_[place]), "MPI_Isend");
    return place;
  }
  [[nodiscard]] Request receive(int from, int tag, void* bytes, std::size_t count) override {
    const Request place = free_place();
    check(MPI_Irecv(bytes, static_cast<int>(count), MPI_BYTE, from, tag, data_, &requests_[place]), "MPI_Irecv");
    return place;
  }
  [[nodiscard]] bool done(Request request) override {
    int complete = 0;
    check(MPI_Test(&requests_[request], &complete, MPI_STATUS_IGNORE), "MPI_Test");
    if (complete != 0) free_.push_back(request);
    return complete != 0;
  }

  void cancel() override {
    for (MPI_Request& request : requests_) {
      if (request == MPI_REQUEST_NULL) continue;
      MPI_Cancel(&request);
      MPI_Request_free(&request);
    }
    requests_.clear();
    free_.clear();
  }

  void post(int to, const std::string& text) override {
    sent_.remove_if([](Sent& one) {
      int complete = 0;
      return MPI_Test(&one.request, &complete, MPI_STATUS_IGNORE) == MPI_SUCCESS && complete != 0;
    });
    Sent& one = sent_.emplace_back(Sent{text.substr(0, longest_note), MPI_REQUEST_NULL});
    check(MPI_Isend(one.text.data(), static_cast<int>(one.text.size()), MPI_CHAR, to, 0, notes_, &one.request),
          "MPI_Isend");
  }
  [[nodiscard]] std::optional<Note> poll() override {
    int complete = 0;
    MPI_Status status;
    check(MPI_Test(&listening_, &complete, &status), "MPI_Test");
    if (complete == 0) return std::nullopt;
    int count = 0;
    MPI_Get_count(&status, MPI_CHAR, &count);
    Note note{status.MPI_SOURCE, std::string(heard_.data(), static_cast<std::size_t>(count))};
    listen();
    return note;
  }

  void end(bool orderly) override {
    // Neither call returns for certain if a rank or the network is gone.
    const auto ended = std::make_shared<std::atomic<bool>>(false);
    std::thread([ended, wait = std::chrono::seconds(orderly ? 30 : 2)] {
      std::this_thread::sleep_for(wait);
      if (!*ended) _exit(EXIT_FAILURE);
    }).detach();
    if (!orderly) MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    MPI_Cancel(&listening_);
    MPI_Request_free(&listening_);
    for (Sent& one : sent_)
      if (one.request != MPI_REQUEST_NULL) MPI_Request_free(&one.request);
    MPI_Finalize();
    *ended = true;
  }

 private:
  struct Sent {
    std::string text;
    MPI_Request request;
  };

  void listen() {
    check(MPI_Irecv(heard_.data(), static_cast<int>(heard_.size()), MPI_CHAR, MPI_ANY_SOURCE, 0, notes_, &listening_),
          "MPI_Irecv");
  }
  [[nodiscard]] Request free_place() {
    if (free_.empty()) {
      requests_.push_back(MPI_REQUEST_NULL);
      return requests_.size() - 1;
    }
    const Request place = free_.back();
    free_.pop_back();
    return place;
  }

  int rank_ = 0, size_ = 1;
  MPI_Comm data_ = MPI_COMM_NULL, notes_ = MPI_COMM_NULL;
  std::vector<MPI_Request> requests_;
  std::vector<Request> free_;
  std::list<Sent> sent_;
  MPI_Request listening_ = MPI_REQUEST_NULL;
  std::vector<char> heard_ = std::vector<char>(longest_note);
};

}  // namespace

extern "C" Link* recur_open_link_1() { return new MpiLink(); }
