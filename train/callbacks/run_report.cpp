// The pictures and the page of a RunFolder.

#include <recur/framework/threads/parallel.h>
#include <recur/train/callbacks/progress.h>
#include <recur/train/callbacks/run_folder.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>

namespace recur {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  return "unknown";
}

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

const char* instructions() {
#if defined(__AVX512F__)
  return "AVX-512";
#elif defined(__AVX2__)
  return "AVX2";
#else
  return "portable build";
#endif
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm calendar{};
  ::gmtime_r(&time, &calendar);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &calendar)};
}

ReportPage::Facts environment() {
  return {{"written", now()},
          {"processor", processor()},
          {"threads", std::to_string(threads())},
          {"compiler", compiler()},
          {"instructions", instructions()}};
}

bool any_finite(const std::vector<double>& values) {
  return std::ranges::any_of(values, [](double v) { return std::isfinite(v); });
}

// `train_loss` → `train loss`
std::string spoken(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

std::string shown(double value) { return std::isnan(value) ? std::string() : fmt::format("{:.6g}", value); }

}  // namespace

std::vector<double> RunFolder::column(std::size_t at) const {
  std::vector<double> values;
  for (const Epoch& epoch : epochs_)
    values.push_back(at < epoch.numbers.size() ? epoch.numbers[at].second : std::nan(""));
  return values;
}

LinePlot RunFolder::losses() const {
  LinePlot plot("Loss", "epoch", "loss");
  std::vector<double> numbers;
  for (const Epoch& epoch : epochs_) numbers.push_back(static_cast<double>(epoch.number));
  const NamedNumbers& first = epochs_.front().numbers;
  for (std::size_t i = 0; i < first.size(); ++i)
    if ((first[i].first == "train_loss" || first[i].first == "valid_loss") && any_finite(column(i)))
      plot.add(spoken(first[i].first), numbers, column(i));
  return plot;
}

std::vector<LinePlot> RunFolder::plots() const {
  std::vector<LinePlot> all;
  if (epochs_.empty()) return all;
  all.push_back(losses());
  if (!steps_.step.empty()) {
    const std::string mean = steps_.stride > 1 ? fmt::format(" (means of {})", steps_.stride) : "";
    LinePlot plot("Training loss by step" + mean, "step", "loss");
    plot.add("loss", steps_.step, steps_.loss);
    all.push_back(std::move(plot));
  }
  std::vector<double> numbers;
  for (const Epoch& epoch : epochs_) numbers.push_back(static_cast<double>(epoch.number));
  const NamedNumbers& first = epochs_.front().numbers;
  std::vector<LinePlot> others;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::string& name = first[i].first;
    if (name == "step" || name == "train_loss" || name == "valid_loss" || name == "seconds") continue;
    if (!any_finite(column(i))) continue;
    const std::string title = name == "items_per_second" ? items_ + " per second" : spoken(name);
    LinePlot plot(title, "epoch", "");
    plot.add(title, numbers, column(i));
    const bool measured = name == "learning_rate" || name == "gradient_norm" || name == "items_per_second";
    (measured ? others : all).push_back(std::move(plot));  // metrics first
  }
  std::ranges::move(others, std::back_inserter(all));
  return all;
}

ReportPage::Facts RunFolder::tiles() const {
  ReportPage::Facts facts = results_;
  if (epochs_.empty()) return facts;
  const auto best = std::find_if(epochs_.rbegin(), epochs_.rend(), [](const Epoch& epoch) { return epoch.best; });
  const auto number = [](const Epoch& epoch, std::string_view name) {
    for (const auto& [there, value] : epoch.numbers)
      if (there == name) return value;
    return std::nan("");
  };
  if (best != epochs_.rend()) {
    const bool validated = !std::isnan(number(*best, "valid_loss"));
    facts.emplace_back(fmt::format("{} loss, epoch {}", validated ? "valid" : "train", best->number),
                       fmt::format("{:.4f}", number(*best, validated ? "valid_loss" : "train_loss")));
  }
  facts.emplace_back("epochs", fmt::format("{} of {}", epochs_.back().number, wanted_epochs_));
  facts.emplace_back("steps", fmt::format("{:.0f}", number(epochs_.back(), "step")));
  const double seconds = number(epochs_.back(), "seconds");
  facts.emplace_back("time training", seconds < 60 ? fmt::format("{:.1f} s", seconds) : short_time(seconds));
  facts.emplace_back("time of an epoch", fmt::format("{:.3g} s", seconds / static_cast<double>(epochs_.back().number)));
  const double rate = number(epochs_.back(), "items_per_second");
  if (!std::isnan(rate)) facts.emplace_back(items_ + " per second", short_number(rate));
  facts.emplace_back("parameters", short_number(static_cast<double>(parameters_)));
  return facts;
}

ReportPage::Table RunFolder::table() const {
  ReportPage::Table table;
  if (epochs_.empty()) return table;
  table.columns = {"epoch"};
  for (const auto& [name, number] : epochs_.front().numbers)
    table.columns.push_back(name == "items_per_second" ? items_ + " per second" : spoken(name));
  for (const Epoch& epoch : epochs_) {
    std::vector<std::string> row = {fmt::format("{}{}", epoch.best ? "* " : "", epoch.number)};
    for (const auto& [name, number] : epoch.numbers) row.push_back(shown(number));
    table.rows.push_back(std::move(row));
  }
  return table;
}

void RunFolder::write() const {
  ReportPage page{.title = options_.title,
                  .subtitle = ended_,
                  .tiles = tiles(),
                  .maps = maps_,
                  .plots = plots(),
                  .texts = samples_,
                  .table = table(),
                  .environment = environment()};
  page.texts.push_back({"Model", options_.summary.empty() ? parameter_list_ : options_.summary});
  if (!options_.config.empty()) page.texts.push_back({"Configuration", options_.config, false});
  if (!epochs_.empty()) save_panels(options_.directory / "curves.svg", page.plots);
  page.plots.insert(page.plots.begin(), pictures_.begin(), pictures_.end());
  page.save(options_.directory / "report.html");
}

}  // namespace recur
