#include <recur/layers/initializers.h>

#include <Eigen/Core>
#include <Eigen/Householder>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace recur {
namespace {

/// What an initializer has to go by.
struct Request {
  std::vector<double>& values;  // zeros
  const Shape& shape;
  std::array<double, 3> arguments;
  Generator& generator;

  void draw_uniform(double low, double high) const {
    for (double& value : values) value = generator.uniform(low, high);
  }
  void draw_normal(double mean, double stddev) const {
    generator.fill_normal(values);
    for (double& value : values) value = mean + stddev * value;
  }
  void draw_truncated(double mean, double stddev) const {
    for (double& value : values) value = mean + stddev * generator.truncated_normal();
  }
};

enum Mode { fan_in, fan_out, fan_avg };
enum Distribution { truncated_normal_values, untruncated_normal_values, uniform_values };

void scale_variance(const Request& request, double scale, Mode mode, Distribution distribution) {
  constexpr double truncated_stddev = 0.87962566103423978;  // of a unit normal variable cut at 2
  const Fans fan = fans(request.shape);
  const double count = mode == fan_in ? fan.in : mode == fan_out ? fan.out : (fan.in + fan.out) / 2;
  const double stddev = std::sqrt(scale / std::max(1.0, count));
  switch (distribution) {
    case truncated_normal_values:
      return request.draw_truncated(0, stddev / truncated_stddev);
    case untruncated_normal_values:
      return request.draw_normal(0, stddev);
    case uniform_values:
      return request.draw_uniform(-std::sqrt(3.0) * stddev, std::sqrt(3.0) * stddev);
  }
}

template <int scale, Mode mode, Distribution distribution>
void fill_scaled(const Request& request) {
  scale_variance(request, scale, mode, distribution);
}

void fill_variance_scaling(const Request& request) {
  scale_variance(request, request.arguments[0], static_cast<Mode>(request.arguments[1]),
                 static_cast<Distribution>(request.arguments[2]));
}

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;

// Replaces the n columns of `a` by those of the reflections H₁ … Hₙ with H₁ … Hₙ·R = a; R's diagonal stays in its
// place. Reflections one by one compile in a third of the time of Eigen's blocked HouseholderQR, and are no slower.
Eigen::VectorXd reflect(Matrix& a, Eigen::VectorXd& work) {
  const Index rows = a.rows();
  const Index cols = a.cols();
  Eigen::VectorXd scales(cols);
  for (Index k = 0; k < cols; ++k) {
    a.col(k).tail(rows - k).makeHouseholderInPlace(scales[k], a(k, k));
    a.bottomRightCorner(rows - k, cols - k - 1)
        .applyHouseholderOnTheLeft(a.col(k).tail(rows - k - 1), scales[k], work.data());
  }
  return scales;
}

void fill_orthogonal(const Request& request) {
  const auto& [values, shape, arguments, generator] = request;
  require(shape.rank() >= 2, "Initializer: orthogonal needs a matrix, the parameter has shape {}", shape);
  if (values.empty()) return;
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Index rows = std::max(shape.rows(), shape.cols());
  const Index cols = std::min(shape.rows(), shape.cols());
  generator.fill_normal(values);
  Matrix a = Eigen::Map<RowMajor>(values.data(), rows, cols);
  Eigen::VectorXd work(cols);
  const Eigen::VectorXd scales = reflect(a, work);
  Matrix q = Matrix::Identity(rows, cols);
  for (Index k = cols; k-- > 0;)
    q.bottomRightCorner(rows - k, cols - k)
        .applyHouseholderOnTheLeft(a.col(k).tail(rows - k - 1), scales[k], work.data());
  // Without the signs Q would not be uniformly distributed (Mezzadri 2007).
  for (Index j = 0; j < cols; ++j) q.col(j) *= a(j, j) < 0 ? -arguments[0] : arguments[0];
  Eigen::Map<RowMajor> result(values.data(), shape.rows(), shape.cols());
  if (shape.rows() < shape.cols()) result = q.transpose();
  else result = q;
}

void fill_identity(const Request& request) {
  const Shape& shape = request.shape;
  require(shape.rank() == 2, "Initializer: identity needs a matrix, the parameter has shape {}", shape);
  for (Index i = 0; i < std::min(shape[0], shape[1]); ++i)
    request.values[static_cast<std::size_t>(i * shape[1] + i)] = request.arguments[0];
}

void fill_constant(const Request& request) {
  std::fill(request.values.begin(), request.values.end(), request.arguments[0]);
}

// Gates i, f, c, o: those of the first row, as rows of a bias are added up.
void fill_chrono(const Request& request) {
  const Index width = request.shape.cols();
  require(width % 4 == 0,
          "Initializer: chrono is for the bias of an LSTM, four gates of equal size; the parameter has shape {}",
          request.shape);
  const auto units = static_cast<std::size_t>(width / 4);
  for (std::size_t u = 0; u < std::min(units, request.values.size()); ++u) {
    const double forget = std::log(request.generator.uniform(1, request.arguments[0] - 1));
    request.values[u] = -forget;
    request.values[units + u] = forget;
  }
}

// "GlorotUniform" and "glorot_uniform" are the same name, and so is Keras's "OrthogonalInitializer" with "orthogonal".
std::string plain(std::string_view name) {
  constexpr std::string_view suffix = "initializer";
  std::string result;
  for (const char c : name)
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (result.ends_with(suffix)) result.resize(result.size() - suffix.size());
  return result == "uniform" || result == "normal" ? "random" + result : result;  // Keras's short names
}

}  // namespace

/// Everything about one initializer: to add one, add a row to the table below and a function that names it.
struct Initializer::Entry {
  using Words = std::array<const char*, 3>;

  const char* name;
  const char* class_name;
  void (*fill)(const Request&);
  std::array<std::string_view, 3> keys{};
  std::array<double, 3> defaults{};
  /// For an argument that is a word: those allowed. The argument is kept as the number of the word.
  std::array<Words, 3> words{};

  [[nodiscard]] double parse(std::size_t key, const Argument& argument) const;
  [[nodiscard]] bool draws() const {
    constexpr std::array<std::string_view, 4> fixed = {"identity", "zeros", "ones", "constant"};
    return std::find(fixed.begin(), fixed.end(), name) == fixed.end();
  }
};

double Initializer::Entry::parse(std::size_t key, const Argument& argument) const {
  const Words& allowed = words[key];
  const auto* const number = std::get_if<double>(&argument);
  if (allowed[0] == nullptr) {
    require<ValueError>(number != nullptr, "Initializer: {} of {} must be a number", keys[key], name);
    return *number;
  }
  const std::string word = number != nullptr ? fmt::format("{}", *number) : std::get<std::string>(argument);
  const auto* const at = std::find_if(allowed.begin(), allowed.end(), [&](const char* one) { return one == word; });
  require<ValueError>(at != allowed.end(), "Initializer: {} of {} must be {}, {} or {}, got '{}'", keys[key], name,
                      allowed[0], allowed[1], allowed[2], word);
  return static_cast<double>(at - allowed.begin());
}

const Initializer::Entry& Initializer::find(std::string_view name) {
  static constexpr std::array<Entry, 16> table{{
      {"glorot_uniform", "GlorotUniform", fill_scaled<1, fan_avg, uniform_values>},
      {"glorot_normal", "GlorotNormal", fill_scaled<1, fan_avg, truncated_normal_values>},
      {"he_uniform", "HeUniform", fill_scaled<2, fan_in, uniform_values>},
      {"he_normal", "HeNormal", fill_scaled<2, fan_in, truncated_normal_values>},
      {"lecun_uniform", "LecunUniform", fill_scaled<1, fan_in, uniform_values>},
      {"lecun_normal", "LecunNormal", fill_scaled<1, fan_in, truncated_normal_values>},
      {"variance_scaling",
       "VarianceScaling",
       fill_variance_scaling,
       {"scale", "mode", "distribution"},
       {1.0, fan_in, truncated_normal_values},
       {{{}, {"fan_in", "fan_out", "fan_avg"}, {"truncated_normal", "untruncated_normal", "uniform"}}}},
      {"orthogonal", "Orthogonal", fill_orthogonal, {"gain"}, {1.0}},
      {"identity", "Identity", fill_identity, {"gain"}, {1.0}},
      {"zeros", "Zeros", [](const Request&) {}},
      {"ones", "Ones", [](const Request& request) { request.values.assign(request.values.size(), 1.0); }},
      {"constant", "Constant", fill_constant, {"value"}, {0.0}},
      {"random_uniform",
       "RandomUniform",
       [](const Request& r) { r.draw_uniform(r.arguments[0], r.arguments[1]); },
       {"minval", "maxval"},
       {-0.05, 0.05}},
      {"random_normal",
       "RandomNormal",
       [](const Request& r) { r.draw_normal(r.arguments[0], r.arguments[1]); },
       {"mean", "stddev"},
       {0.0, 0.05}},
      {"truncated_normal",
       "TruncatedNormal",
       [](const Request& r) { r.draw_truncated(r.arguments[0], r.arguments[1]); },
       {"mean", "stddev"},
       {0.0, 0.05}},
      {"chrono", "Chrono", fill_chrono, {"longest"}, {100.0}},
  }};
  std::string known;
  for (const Entry& entry : table) {
    if (plain(entry.name) == plain(name)) return entry;
    known += known.empty() ? entry.name : std::string(", ") + entry.name;
  }
  fail<ValueError>("Initializer: unknown name '{}'; known are {}", name, known);
}

Initializer::Initializer(const Entry& entry) : entry_(&entry), arguments_(entry.defaults) {}

Initializer Initializer::from_name(std::string_view name) { return Initializer(find(name)); }

Initializer Initializer::from_config(std::string_view name, const Config& config) {
  Initializer result(find(name));
  const auto& keys = result.entry_->keys;
  for (const auto& [key, value] : config) {
    if (const auto* const seed = std::get_if<double>(&value); key == "seed" && seed != nullptr) {
      require<ValueError>(*seed >= 0 && *seed == std::floor(*seed), "Initializer: seed {} is not a natural number",
                          *seed);
      result = result.seeded(static_cast<std::uint64_t>(*seed));
      continue;
    }
    const auto* const at = std::find(keys.begin(), keys.end(), key);
    require<ValueError>(at != keys.end() && !key.empty(), "Initializer: {} has no argument '{}'", result.name(), key);
    const auto i = static_cast<std::size_t>(at - keys.begin());
    result.arguments_[i] = result.entry_->parse(i, value);
    require<ValueError>(key != "scale" || result.arguments_[i] > 0, "Initializer: scale of {} must be positive, got {}",
                        result.name(), result.arguments_[i]);
    require<ValueError>(key != "longest" || result.arguments_[i] >= 2,
                        "Initializer: longest of {} must be at least 2, got {}", result.name(), result.arguments_[i]);
  }
  return result;
}

std::string Initializer::name() const { return entry_->name; }
std::string Initializer::class_name() const { return entry_->class_name; }

Initializer::Config Initializer::config() const {
  Config result;
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const std::string key(entry_->keys[i]);
    if (key.empty()) continue;
    const Entry::Words& words = entry_->words[i];
    if (words[0] == nullptr) result.emplace_back(key, arguments_[i]);
    else result.emplace_back(key, words[static_cast<std::size_t>(arguments_[i])]);
  }
  if (seed_) result.emplace_back("seed", static_cast<double>(*seed_));
  return result;
}

Initializer Initializer::seeded(std::uint64_t seed) const {
  require<ValueError>(entry_->draws(), "Initializer: {} has no argument 'seed'", name());
  require<ValueError>(seed <= std::uint64_t{1} << 53, "Initializer: seed {} is beyond 2^53", seed);
  Initializer result = *this;
  result.seed_ = seed;
  return result;
}

void Initializer::operator()(Array& value, Generator& generator) const {
  std::vector<double> values(static_cast<std::size_t>(value.size()));
  Generator own(seed_.value_or(0));
  entry_->fill({values, value.shape(), arguments_, seed_ ? own : generator});
  value.assign(values);
}

Fans fans(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double receptive = 1;
  for (int axis = 0; axis + 2 < shape.rank(); ++axis) receptive *= static_cast<double>(shape[axis]);
  return {receptive * static_cast<double>(shape[-2]), receptive * static_cast<double>(shape[-1])};
}

Initializer glorot_uniform() { return Initializer::from_name("glorot_uniform"); }
Initializer glorot_normal() { return Initializer::from_name("glorot_normal"); }
Initializer he_uniform() { return Initializer::from_name("he_uniform"); }
Initializer he_normal() { return Initializer::from_name("he_normal"); }
Initializer lecun_uniform() { return Initializer::from_name("lecun_uniform"); }
Initializer lecun_normal() { return Initializer::from_name("lecun_normal"); }
Initializer variance_scaling(double scale, const std::string& mode, const std::string& distribution) {
  return Initializer::from_config("variance_scaling",
                                  {{"scale", scale}, {"mode", mode}, {"distribution", distribution}});
}
Initializer orthogonal(double gain) { return Initializer::from_config("orthogonal", {{"gain", gain}}); }
Initializer identity(double gain) { return Initializer::from_config("identity", {{"gain", gain}}); }
Initializer zeros() { return Initializer::from_name("zeros"); }
Initializer ones() { return Initializer::from_name("ones"); }
Initializer constant(double value) { return Initializer::from_config("constant", {{"value", value}}); }
Initializer random_uniform(double low, double high) {
  return Initializer::from_config("random_uniform", {{"minval", low}, {"maxval", high}});
}
Initializer random_normal(double mean, double stddev) {
  return Initializer::from_config("random_normal", {{"mean", mean}, {"stddev", stddev}});
}
Initializer truncated_normal(double mean, double stddev) {
  return Initializer::from_config("truncated_normal", {{"mean", mean}, {"stddev", stddev}});
}
Initializer chrono(double longest) { return Initializer::from_config("chrono", {{"longest", longest}}); }

}  // namespace recur
