#include "data.h"

#include <recur/io/csv.h>
#include <recur/io/idx.h>
#include <recur/io/npz.h>
#include <recur/train/data/characters.h>
#include <recur/train/data/text_file.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

namespace recur::tools {
namespace {

/// All that files hold, of which any part can be cut into batches.
struct Whole {
  Index size;  ///< Characters, steps of a series, examples or sequences.
  std::function<Source(Index first, Index count, const Cut& cut)> part;
};

Tensor<float> rows(const Tensor<float>& all, Index first, Index count) {
  const Shape shape = all.shape().with(0, count);
  const Index row = all.shape().without(0).count();
  return {shape, all.values().subspan(static_cast<std::size_t>(first * row), static_cast<std::size_t>(count * row))};
}

/// Multiplies all numbers. @throws UsageError where one is too large for that
void scale_by(Tensor<float>& values, double scale, const Settings& data) {
  for (float& x : values.values()) {
    const float scaled = x * static_cast<float>(scale);
    if (!std::isfinite(scaled)) data.refuse("scale", fmt::format("{} times {} is too large for a float", x, scale));
    x = scaled;
  }
}

/// @throws FormatError with the place of the first number that is none
void require_finite(const Tensor<float>& values, const std::string& name) {
  const auto all = values.values();
  const auto bad = std::ranges::find_if_not(all, [](float x) { return std::isfinite(x); });
  if (bad == all.end()) return;
  std::string place;
  Index rest = bad - all.begin();
  for (int axis = values.shape().rank() - 1; axis >= 0; --axis) {
    place = fmt::format("{}{}{}", rest % values.shape()[axis], place.empty() ? "" : ", ", place);
    rest /= values.shape()[axis];
  }
  fail<FormatError>("'{}' has {} at [{}]", name, *bad, place);
}

/// The file, whose characters must be among those of the vocabulary.
Whole text_of(const TextFile& file, const Vocabulary& vocabulary, const TextCut& cut_text, bool one_stream) {
  for (std::int32_t id = 0; id < file.vocabulary().size(); ++id) {
    const std::string& character = file.vocabulary().character(id);
    if (vocabulary.text().find(character) == std::string::npos)
      fail<ValueError>("the text has the character {}, which is not among the {} that the model knows",
                       shown_character(character), vocabulary.size());
  }
  const IdSequence ids = file.ids(vocabulary);
  return {ids.size(),
          [=](Index first, Index count, const Cut& cut) { return cut_text(ids.part(first, count), cut, one_stream); }};
}

CsvOptions read_csv_options(Settings& data) {
  CsvOptions options;
  const auto sign = [&](const char* key, const std::string& otherwise) {
    const std::string text = data.text(key, otherwise);
    if (text.size() != 1) data.refuse(key, fmt::format("one character is expected, got '{}'", text));
    return text[0];
  };
  options.separator = sign("separator", ",");
  options.decimal = sign("decimal", ".");
  if (data.has("heading")) options.heading = data.flag("heading") ? CsvHeading::present : CsvHeading::absent;
  if (data.has("missing")) {
    const std::string policy = data.choice("missing", {"refuse", "previous", "interpolate"});
    if (policy == "previous") options.missing = MissingNumbers::previous;
    if (policy == "interpolate") options.missing = MissingNumbers::interpolate;
  }
  return options;
}

/// @param columns those of the model; if there are none yet they become those of this file
Whole read_series(Settings& data, std::vector<std::string>& columns) {
  const std::string path = data.text("path");
  const std::vector<std::string> wanted = data.texts("columns");
  const double scale = data.number("scale", 1);
  const WindowOptions options = read_windows(data);
  const CsvOptions csv = read_csv_options(data);
  const CsvTable table = data.about("path", [&] { return CsvTable(path, csv); });
  if (columns.empty()) columns = wanted.empty() ? table.names() : wanted;
  const auto values = std::make_shared<Tensor<float>>(data.about(
      wanted.empty() ? "path" : "columns", [&] { return table.columns(wanted.empty() ? columns : wanted); }));
  scale_by(*values, scale, data);
  return {values->shape()[0], [values, options](Index first, Index count, const Cut& cut) {
            return series(rows(*values, first, count), options, cut);
          }};
}

/// Arrays of the kinds npz, npy and idx.
struct Arrays {
  Tensor<float> inputs;
  Tensor<float> targets;
  std::vector<Index> lengths;
  bool predicts_next = false;  ///< The targets are the inputs of the next steps.
};

Whole examples_of(Arrays given) {
  const auto arrays = std::make_shared<const Arrays>(std::move(given));
  const auto count_of = [](const Tensor<float>& t) { return t.shape().rank() > 0 ? t.shape()[0] : 0; };
  require(count_of(arrays->inputs) == count_of(arrays->targets) && count_of(arrays->inputs) > 0,
          "inputs {} and targets {} must have as many rows", arrays->inputs.shape(), arrays->targets.shape());
  return {arrays->inputs.shape()[0], [arrays](Index first, Index count, const Cut& cut) {
            return examples(rows(arrays->inputs, first, count), rows(arrays->targets, first, count), cut);
          }};
}

Whole sequences_of(Arrays given) {
  std::vector<Index> starts(given.lengths.size() + 1);
  std::partial_sum(given.lengths.begin(), given.lengths.end(), starts.begin() + 1);
  const Index steps = starts.back();
  require(given.inputs.shape().rank() > 0 && given.inputs.shape()[0] == steps,
          "the lengths add up to {} steps, the inputs are {}", steps, given.inputs.shape());
  const auto arrays = std::make_shared<const Arrays>(std::move(given));
  const auto part = [arrays, starts, steps](Index first, Index count, const Cut& cut) {
    const Index begin = starts[static_cast<std::size_t>(first)];
    const Index length = starts[static_cast<std::size_t>(first + count)] - begin;
    const bool of_steps = arrays->targets.shape().rank() > 0 && arrays->targets.shape()[0] == steps;
    const auto lengths = arrays->lengths.begin() + first;
    return ragged({rows(arrays->inputs, begin, length),
                   of_steps ? rows(arrays->targets, begin, length) : rows(arrays->targets, first, count),
                   {lengths, lengths + count},
                   !of_steps},
                  cut)
        .predicting_next(arrays->predicts_next);
  };
  const Index rows_of_targets = arrays->targets.shape().rank() > 0 ? arrays->targets.shape()[0] : 0;
  require(rows_of_targets == steps || rows_of_targets == static_cast<Index>(arrays->lengths.size()),
          "there are {} targets for {} sequences with {} steps in all", rows_of_targets, arrays->lengths.size(), steps);
  return {static_cast<Index>(arrays->lengths.size()), part};
}

/// Without targets, each step is to be predicted from those before it.
Arrays next_steps(const Arrays& given) {
  const Index steps = std::accumulate(given.lengths.begin(), given.lengths.end(), Index{0});
  require(given.inputs.shape().rank() > 0 && given.inputs.shape()[0] == steps,
          "the lengths add up to {} steps, the inputs are {}", steps, given.inputs.shape());
  const Index row = given.inputs.shape().without(0).count();
  const Shape shape = given.inputs.shape().with(0, steps - static_cast<Index>(given.lengths.size()));
  Arrays result{Tensor<float>(shape), Tensor<float>(shape), given.lengths, true};
  const float* from = given.inputs.data();
  float *input = result.inputs.data(), *target = result.targets.data();
  for (Index& length : result.lengths) {
    const Index numbers = --length * row;
    input = std::copy_n(from, numbers, input);
    target = std::copy_n(from + row, numbers, target);
    from += numbers + row;
  }
  return result;
}

Whole read_arrays(Settings& data, const std::string& kind) {
  std::optional<NpzFile> archive;
  if (kind == "npz") {
    const std::string path = data.text("path");
    archive.emplace(data.about("path", [&] { return NpzFile(path); }));
  }
  const auto read = [&]<class T>(const std::string& key, T) {
    const std::string name = data.text(key);
    return data.about(key, [&] {
      Tensor<T> values = archive ? archive->load<T>(name) : kind == "npy" ? load_npy<T>(name) : load_idx<T>(name);
      if constexpr (std::is_same_v<T, float>) require_finite(values, name);
      return values;
    });
  };
  const double scale = data.number("scale", 1);
  Arrays arrays;
  arrays.inputs = read("inputs", float{});
  scale_by(arrays.inputs, scale, data);
  if (data.has("lengths")) {
    const Tensor<Index> lengths = read("lengths", Index{});
    arrays.lengths.assign(lengths.values().begin(), lengths.values().end());
    const Index least = data.has("targets") ? 1 : 2;  // a sequence of one step has none to predict
    for (const Index length : arrays.lengths)
      if (length < least) data.refuse("lengths", fmt::format("there is a length of {}, at least {}", length, least));
  }
  const std::string key = data.has("lengths") ? "lengths" : "targets";
  if (key == "targets" || data.has("targets")) arrays.targets = read("targets", float{});
  else arrays = data.about("lengths", [&] { return next_steps(arrays); });
  return data.about(
      key, [&] { return key == "lengths" ? sequences_of(std::move(arrays)) : examples_of(std::move(arrays)); });
}

/// The last part of a file is held back.
void split(Data& to, const Whole& whole, Settings& data, const DataOptions& options) {
  const double fraction = data.number("validation", 0.1);
  if (!(fraction > 0 && fraction < 1))
    data.refuse("validation", fmt::format("a number between 0 and 1, or an object, is expected, got {}", fraction));
  const auto held = static_cast<Index>(std::ceil(fraction * static_cast<double>(whole.size)));
  data.about("validation", [&] {
    require<ValueError>(held < whole.size, "{} examples or steps cannot be split", whole.size);
    to.validation = whole.part(whole.size - held, held, options.in_order());
    if (options.training) to.training = whole.part(0, whole.size - held, options.shuffled());
  });
}

/// @param read gives all that the files of some settings hold
void read_files(Data& to, Settings& data, const DataOptions& options, const std::function<Whole(Settings&)>& read) {
  if (!data.has_object("validation")) return split(to, read(data), data, options);
  if (options.training) {
    const Whole whole = read(data);
    to.training = data.about("kind", [&] { return whole.part(0, whole.size, options.shuffled()); });
  }
  Settings other = data.overridden("validation");
  (void)other.text("kind");
  const Whole whole = read(other);
  other.finish();
  to.validation = data.about("validation", [&] { return whole.part(0, whole.size, options.in_order()); });
}

void read_text(Data& to, Settings& data, const DataOptions& options) {
  const auto file_of = [](Settings& settings) {
    const std::string path = settings.text("path");
    return settings.about("path", [&] { return TextFile(path); });
  };
  to.vocabulary = options.vocabulary;
  if (!to.vocabulary) {
    std::string characters = file_of(data).vocabulary().text();
    if (data.has_object("validation")) {
      Settings other = data.overridden("validation");
      characters += file_of(other).vocabulary().text();
    }
    to.vocabulary.emplace(characters);
  }
  read_files(to, data, options, [&](Settings& settings) {
    const TextCut cut(settings);
    const TextFile file = file_of(settings);
    return settings.about("path", [&] { return text_of(file, *to.vocabulary, cut, options.one_stream); });
  });
}

}  // namespace

WindowOptions read_windows(Settings& data) {
  return {.length = data.integer("length", 32, 1),
          .horizon = data.integer("horizon", 1, 1),
          .stride = data.integer("stride", 1, 1),
          .every_step = data.flag("every_step")};
}

Data read_data(Settings data, const DataOptions& options) {
  const std::string kind = data.choice("kind", {"text", "csv", "npz", "npy", "idx", "sample"});
  Data result;
  if (kind == "sample") result = read_sample(data, options);
  else if (kind == "text") read_text(result, data, options);
  else if (kind == "csv") {
    result.columns = options.columns;
    read_files(result, data, options, [&](Settings& settings) { return read_series(settings, result.columns); });
  } else read_files(result, data, options, [&](Settings& settings) { return read_arrays(settings, kind); });
  // Where only the validation data was read, the keys of the other have not been looked at.
  if (options.training) data.finish();
  return result;
}

}  // namespace recur::tools
