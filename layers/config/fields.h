#pragma once

#include <recur/framework/tensor/shape.h>

#include <string>
#include <vector>

namespace recur {

class Activation;
class AnyCell;
class AnyLayer;
class Constraint;
class Initializer;
struct Regularizer;

/// Goes through options by their Keras names. One function of an options struct,
/// `void fields(Fields& f) { f("units", units); f("activation", activation); }`, serves both to read a config (values
/// are replaced where the key is there) and to write one (values are only looked at).
class Fields {
 public:
  Fields() = default;
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  virtual ~Fields() = default;

  virtual void operator()(const char* key, bool& value) = 0;
  virtual void operator()(const char* key, int& value) = 0;
  virtual void operator()(const char* key, Index& value) = 0;
  virtual void operator()(const char* key, double& value) = 0;
  virtual void operator()(const char* key, std::string& value) = 0;
  /// With `null` for the empty string.
  virtual void optional(const char* key, std::string& value) = 0;
  /// An axis; Keras writes it as a number or as a list of one.
  virtual void axis(const char* key, int& value) = 0;
  virtual void operator()(const char* key, Activation& value) = 0;
  virtual void operator()(const char* key, Initializer& value) = 0;
  virtual void operator()(const char* key, Regularizer& value) = 0;
  virtual void operator()(const char* key, Constraint& value) = 0;
  virtual void operator()(const char* key, AnyCell& value) = 0;
  virtual void operator()(const char* key, std::vector<AnyCell>& value) = 0;
  virtual void operator()(const char* key, AnyLayer& value) = 0;
  virtual void operator()(const char* key, std::vector<AnyLayer>& value) = 0;
  /// Reading: an error unless the key is there.
  virtual void required(const char* key) = 0;
  /// Reading: accepts the key only with the value `null` (an option of Keras that is off).
  virtual void only_null(const char* key) = 0;
  /// Reading: accepts the key whatever its value: an option of Keras that cannot change results.
  virtual void without_meaning(const char* key) = 0;
  [[nodiscard]] virtual bool reading() const = 0;
};

/// What most cells and layers are configured by: their size and their options.
template <class Options>
struct UnitsConfig {
  Index units = 0;
  Options options;
  void fields(Fields& f) {
    f.required("units");
    f("units", units);
    options.fields(f);
  }
};

}  // namespace recur
