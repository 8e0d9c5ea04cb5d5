#include "export_c.h"

#include <recur/interop/c_export.h>
#include <recur/interop/trace_model.h>
#include <recur/io/atomic_file.h>
#include <recur/layers/inference/inference.h>

#include <algorithm>
#include <cctype>

namespace recur::tools {
namespace {

constexpr Index test_steps = 100;
constexpr Index compared_steps = 20000;

// The file's name as far as it can be a name in C.
std::string c_name(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) name.insert(0, "model_");
  return name;
}

std::vector<std::int32_t> ids_of(const std::vector<float>& numbers) {
  std::vector<std::int32_t> ids(numbers.size());
  std::ranges::transform(numbers, ids.begin(), [](float x) { return static_cast<std::int32_t>(x); });
  return ids;
}

std::string loss_of_int8(const Graph& graph, const std::vector<float>& steps, std::string_view steps_are) {
  const Inference rounded(round_weights(graph));
  const Inference exact(graph);
  const auto ids = ids_of(steps);
  const InferenceDifference d = graph.takes_ids() ? compare(rounded, exact, std::span<const std::int32_t>(ids))
                                                  : compare(rounded, exact, std::span<const float>(steps));
  return fmt::format(
      "int8 weights change the outputs of {} steps of {} by {:.2g} % (root mean square), at most by {:.2g}",
      steps.size() / static_cast<std::size_t>(graph.takes_ids() ? 1 : graph.features), steps_are, 100 * d.relative,
      d.largest);
}

}  // namespace

std::vector<std::string> write_c(const ExportJob& job) {
  const Graph graph = interop::trace_model(job.model, job.description);
  const Index width = graph.takes_ids() ? 1 : graph.features;
  const std::vector<float> inputs = job.steps(graph, test_steps);
  const auto ids = graph.takes_ids() ? ids_of(inputs) : std::vector<std::int32_t>();
  CExportOptions options{.name = c_name(job.to), .int8 = job.flags.int8, .header = job.to.extension() == ".h"};
  if (graph.takes_ids()) options.test_ids = ids;
  else options.test_inputs = inputs;
  const CExport file = export_c(graph, options);
  AtomicFile output(job.to);
  output.write(file.source);
  output.commit();
  std::vector<std::string> notes = {
      fmt::format("flash: {} bytes of constants; RAM: {} bytes a sequence", file.flash_bytes, file.ram_bytes),
      fmt::format("self-test of {} steps: -D{}_SELF_TEST_MAIN", inputs.size() / static_cast<std::size_t>(width), [&] {
        std::string name = options.name;
        for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return name;
      }())};
  if (options.int8) notes.push_back(loss_of_int8(graph, job.steps(graph, compared_steps), job.steps_are));
  return notes;
}

}  // namespace recur::tools
