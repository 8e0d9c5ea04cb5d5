#pragma once

#include <recur/framework/tensor/nearest_name.h>
#include <recur/layers/any_layer.h>
#include <recur/layers/cells/any_cell.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace recur {

/// A cell or layer that can be made from a config: `Config` with `void fields(Fields&)`, and a constructor from it. To
/// write one it needs `Config config() const` and `class_name`, too.
template <class C>
concept Configurable = requires(typename C::Config config, Fields& f) {
  config.fields(f);
  C(std::move(config));
};

/// The classes a config may name. A plain value: make one, add your own classes, hand it to `cell_from_config`.
class Registry {
 public:
  /// Knows all cells and layers of this library.
  Registry();

  /// `registry.add_cell<MyCell>("MyCell")`; without a name `C::class_name`. @throws ValueError when the name is taken.
  template <Configurable C>
  void add_cell(const std::string& name) {
    add(cells_, name, [](Fields& f) { return make<AnyCell, C>(f); });
  }
  template <Configurable C>
  void add_cell() {
    if constexpr (requires { C::name_of_class; }) add_cell<C>(std::string(C::name_of_class));
    else add_cell<C>(std::string(C::class_name));
  }
  template <Configurable L>
  void add_layer(const std::string& name) {
    add(layers_, name, [](Fields& f) { return make<AnyLayer, L>(f); });
  }
  template <Configurable L>
  void add_layer() {
    add_layer<L>(std::string(L::class_name));
  }

  /// Names of all cells it can make, sorted.
  [[nodiscard]] std::vector<std::string> cell_names() const;

  /// @throws ValueError for an unknown class, listing the known ones; `path` says where it was named.
  [[nodiscard]] AnyCell make_cell(const std::string& name, const std::string& path, Fields& fields) const {
    return find(cells_, "cell", name, path)(fields);
  }
  [[nodiscard]] AnyLayer make_layer(const std::string& name, const std::string& path, Fields& fields) const {
    return find(layers_, "layer", name, path)(fields);
  }

 private:
  void add_built_in_cells();

  template <class Any>
  using Makers = std::map<std::string, std::function<Any(Fields&)>>;

  template <class Any, class C>
  [[nodiscard]] static Any make(Fields& f) {
    typename C::Config config;
    config.fields(f);
    return Any(C(std::move(config)));
  }
  template <class Any>
  static void add(Makers<Any>& makers, const std::string& name,
                  std::type_identity_t<std::function<Any(Fields&)>> maker) {
    require<ValueError>(makers.emplace(name, std::move(maker)).second, "Registry: there is a class '{}' already", name);
  }
  template <class Any>
  [[nodiscard]] static const std::function<Any(Fields&)>& find(const Makers<Any>& makers, const char* kind,
                                                               const std::string& name, const std::string& path) {
    if (const auto at = makers.find(name); at != makers.end()) return at->second;
    std::vector<std::string> names;
    std::string known;
    for (const auto& [other, maker] : makers) {
      names.push_back(other);
      known += (known.empty() ? "" : ", ") + other;
    }
    fail<ValueError>("config: {}: '{}' is not a known class of {}{} (known: {})", path, name, kind,
                     did_you_mean(name, names), known);
  }

  Makers<AnyCell> cells_;
  Makers<AnyLayer> layers_;
};

/// The config of a cell or layer in Keras's shape, `{"class_name": "LSTMCell", "config": {"units": 128, …}}`, as JSON
/// text; with `indent` >= 0 on several lines. @throws ValueError for a class that has no `class_name` and `config()`.
[[nodiscard]] std::string get_config(const AnyCell& cell, int indent = -1);
[[nodiscard]] std::string get_config(const AnyLayer& layer, int indent = -1);

/// Makes the cell or layer, not built yet, that a config describes. Keys left out have today's Keras's defaults;
/// `name`, `trainable` and `dtype` go to `AnyCell::common`, an `activity_regularizer` to the cell or layer.
/// `hard_sigmoid` is what it was for the Keras that wrote the config: `keras_version` says which, or else a `module`,
/// which Keras 3 writes.
/// @throws ValueError for what is not JSON, a key or class that is not known, a missing key or a value of another type:
/// the message has the path of the key and what is known there.
[[nodiscard]] AnyCell cell_from_config(std::string_view json, const Registry& registry = Registry());
[[nodiscard]] AnyLayer layer_from_config(std::string_view json, const Registry& registry = Registry());

}  // namespace recur
