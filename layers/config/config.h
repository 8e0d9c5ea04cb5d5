#pragma once

#include <recur/framework/tensor/config_key.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/layers/any_layer.h>
#include <recur/layers/cells/any_cell.h>

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace recur {

/// A class of cells or layers that configs may name. It has a struct `Config` with `void fields(Fields&)`, which names
/// the keys, and a constructor from `Config`. `get_config` also needs `Config config() const` and `class_name`.
template <class C>
concept Configurable = requires(typename C::Config config, Fields& f) {
  config.fields(f);
  C(std::move(config));
};

/// The classes that configs may name. Make a registry, add your own classes, and pass it to `cell_from_config`,
/// `layer_from_config`, `load_model` or `recur_main`.
class Registry {
 public:
  /// Begins with all cells and layers of the library.
  Registry();

  /// Adds a class under a name: `registry.add_cell<MyCell>("MyCell")`; by default the name is `C::class_name`. Throws
  /// ValueError if a cell of this name is there already.
  template <Configurable C>
  void add_cell(const std::string& name) {
    add<C>(cells_, name);
  }
  template <Configurable C>
  void add_cell() {
    if constexpr (requires { C::name_of_class; }) add_cell<C>(std::string(C::name_of_class));
    else add_cell<C>(std::string(C::class_name));
  }
  /// Adds a layer as `add_cell` adds a cell.
  template <Configurable L>
  void add_layer(const std::string& name) {
    add<L>(layers_, name);
  }
  template <Configurable L>
  void add_layer() {
    add_layer<L>(std::string(L::class_name));
  }

  /// Returns the names of all cells or layers, sorted.
  [[nodiscard]] std::vector<std::string> cell_names() const;
  [[nodiscard]] std::vector<std::string> layer_names() const;

  /// Makes a cell or layer of a class, with options from `fields`. Throws ValueError for an unknown class; the message
  /// begins with `path`, the place of the name in the config, and lists the known classes.
  [[nodiscard]] AnyCell make_cell(const std::string& name, const std::string& path, Fields& fields) const {
    return find(cells_, "cell", name, path).make(fields);
  }
  [[nodiscard]] AnyLayer make_layer(const std::string& name, const std::string& path, Fields& fields) const {
    return find(layers_, "layer", name, path).make(fields);
  }
  /// Calls `fields` with the keys of a class and their defaults. Throws ValueError for an unknown class.
  void describe_cell(const std::string& name, Fields& fields) const {
    find(cells_, "cell", name, "class_name").describe(fields);
  }
  void describe_layer(const std::string& name, Fields& fields) const {
    find(layers_, "layer", name, "class_name").describe(fields);
  }

 private:
  void add_built_in_cells();

  template <class Any>
  struct Entry {
    Any (*make)(Fields&);
    void (*describe)(Fields&);
  };
  template <class Any>
  using Entries = std::map<std::string, Entry<Any>>;

  template <class C, class Any>
  static void add(Entries<Any>& entries, const std::string& name) {
    const auto make = [](Fields& f) {
      typename C::Config config;
      config.fields(f);
      return Any(C(std::move(config)));
    };
    const auto describe = [](Fields& f) {
      typename C::Config config;
      config.fields(f);
    };
    require<ValueError>(entries.emplace(name, Entry<Any>{make, describe}).second,
                        "Registry: there is a class '{}' already", name);
  }
  template <class Any>
  [[nodiscard]] static const Entry<Any>& find(const Entries<Any>& entries, const char* kind, const std::string& name,
                                              const std::string& path) {
    if (const auto at = entries.find(name); at != entries.end()) return at->second;
    std::vector<std::string> names;
    std::string known;
    for (const auto& [other, entry] : entries) {
      names.push_back(other);
      known += (known.empty() ? "" : ", ") + other;
    }
    fail<ValueError>("config: {}: '{}' is not a known class of {}{} (known: {})", path, name, kind,
                     did_you_mean(name, names), known);
  }

  Entries<AnyCell> cells_;
  Entries<AnyLayer> layers_;
};

/// Returns the config of a cell or layer in Keras's shape, `{"class_name": "LSTMCell", "config": {"units": 128, …}}`,
/// as JSON text; on several lines if `indent` >= 0. Throws ValueError for a class without `class_name` and `config()`.
[[nodiscard]] std::string get_config(const AnyCell& cell, int indent = -1);
[[nodiscard]] std::string get_config(const AnyLayer& layer, int indent = -1);

/// Makes the cell or layer that a config describes. It is not built yet. Keys that are left out have the defaults of
/// Keras 3. The keys `name`, `trainable` and `dtype` go to `AnyCell::common`; every class takes `activity_regularizer`.
/// `hard_sigmoid` has the meaning of the Keras that wrote the config, which the key `keras_version` tells, or else a
/// key `module`, which only Keras 3 writes.
/// Throws ValueError for text that is not JSON, an unknown key or class, a missing key, or a value of another type. The
/// message has the path of the key and lists the known names.
[[nodiscard]] AnyCell cell_from_config(std::string_view json, const Registry& registry = Registry());
[[nodiscard]] AnyLayer layer_from_config(std::string_view json, const Registry& registry = Registry());

/// Returns the keys of a class of cells or layers, in the order in which `get_config` writes them. Keys that every
/// class has are left out: `name`, `trainable`, `dtype` and `activity_regularizer`. Throws ValueError for an unknown
/// class.
[[nodiscard]] std::vector<ConfigKey> cell_keys(const Registry& registry, const std::string& class_name);
[[nodiscard]] std::vector<ConfigKey> layer_keys(const Registry& registry, const std::string& class_name);

}  // namespace recur
