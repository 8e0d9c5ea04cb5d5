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

/// A visitor of the members of an options struct, by their keys in configs. The struct names its members once,
/// `void fields(Fields& f) { f("units", units); f("activation", activation); }`. A reader of configs assigns the
/// members whose keys are there; a writer reads all members; a lister lists keys and defaults.
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
  /// Visits a string that is `null` in configs if it is empty.
  virtual void optional(const char* key, std::string& value) = 0;
  /// Visits an axis, which Keras writes as a number or as a list of one number.
  virtual void axis(const char* key, int& value) = 0;
  virtual void operator()(const char* key, Activation& value) = 0;
  virtual void operator()(const char* key, Initializer& value) = 0;
  virtual void operator()(const char* key, Regularizer& value) = 0;
  virtual void operator()(const char* key, Constraint& value) = 0;
  virtual void operator()(const char* key, AnyCell& value) = 0;
  virtual void operator()(const char* key, std::vector<AnyCell>& value) = 0;
  virtual void operator()(const char* key, AnyLayer& value) = 0;
  virtual void operator()(const char* key, std::vector<AnyLayer>& value) = 0;
  /// Says that a config must have the key. Readers throw ValueError if it does not. Call it before the member is
  /// visited.
  virtual void required(const char* key) = 0;
  /// Names a key that configs may have with the value `null` only, for an option of Keras that Recur does not have.
  virtual void only_null(const char* key) = 0;
  /// Names a key that configs may have with any value, for an option of Keras that cannot change results.
  virtual void without_meaning(const char* key) = 0;
  /// Returns true if members are assigned from a config.
  [[nodiscard]] virtual bool reading() const = 0;
};

/// The config of most cells and layers: a number of units, and options.
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
