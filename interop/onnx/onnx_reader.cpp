#include <recur/interop/internal/bytes.h>
#include <recur/interop/onnx/onnx_graph.h>

#ifdef RECUR_ONNX
#include <recur/io/half.h>

#include <onnx/onnx_pb.h>

#include <bit>
#include <cmath>
#include <cstring>
#endif

namespace recur::interop {

#ifdef RECUR_ONNX
namespace {

constexpr double largest_exact = 9007199254740992.0;

double cut(std::int64_t value) {
  return std::fmin(std::fmax(static_cast<double>(value), -largest_exact), largest_exact);
}

double from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

// Numbers of raw little-endian bytes.
template <class T, class Convert>
void read_raw(const std::string& raw, std::vector<double>& to, Convert convert) {
  for (std::size_t i = 0; i + sizeof(T) <= raw.size(); i += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + i, sizeof(T));
    to.push_back(convert(value));
  }
}

OnnxTensor::Kind kind_of(int type) {
  using T = onnx::TensorProto;
  if (type == T::BOOL) return OnnxTensor::Kind::boolean;
  const bool real = type == T::FLOAT || type == T::DOUBLE || type == T::FLOAT16 || type == T::BFLOAT16 || type == 0;
  return real ? OnnxTensor::Kind::real : OnnxTensor::Kind::integer;
}

class Reader {
 public:
  explicit Reader(const std::string& where) : where_(where) {}

  OnnxBody body(const onnx::GraphProto& graph, int depth) const {
    require<FormatError>(depth <= 8, "{}: graphs are nested more than 8 levels", where_);
    require<FormatError>(graph.sparse_initializer_size() == 0, "{}: sparse tensors are not read", where_);
    OnnxBody result;
    for (const onnx::TensorProto& constant : graph.initializer()) result.constants[constant.name()] = tensor(constant);
    for (const onnx::ValueInfoProto& input : graph.input()) {
      if (result.constants.contains(input.name())) continue;  // listed twice before IR 4
      result.inputs.push_back(input.name());
      result.input_kinds[input.name()] = kind_of(input.type().tensor_type().elem_type());
      std::vector<std::int64_t> sizes;
      for (const auto& size : input.type().tensor_type().shape().dim())
        sizes.push_back(size.has_dim_value() ? size.dim_value() : -1);
      result.input_sizes[input.name()] = std::move(sizes);
    }
    for (const onnx::ValueInfoProto& output : graph.output()) result.outputs.push_back(output.name());
    for (const onnx::NodeProto& one : graph.node()) result.nodes.push_back(node(one, depth));
    return result;
  }

 private:
  OnnxNode node(const onnx::NodeProto& from, int depth) const {
    require<FormatError>(from.domain().empty() || from.domain() == "ai.onnx",
                         "{}: node '{}' ({}) is of the domain '{}', which is not known", where_, from.name(),
                         from.op_type(), from.domain());
    OnnxNode result;
    result.op = from.op_type();
    result.name = from.name();
    result.inputs.assign(from.input().begin(), from.input().end());
    result.outputs.assign(from.output().begin(), from.output().end());
    for (const onnx::AttributeProto& a : from.attribute()) {
      OnnxAttribute& own = result.attributes[a.name()];
      own.real = static_cast<double>(a.f());
      own.integer = a.i();
      own.text = a.s();
      own.reals.assign(a.floats().begin(), a.floats().end());
      own.integers.assign(a.ints().begin(), a.ints().end());
      own.texts.assign(a.strings().begin(), a.strings().end());
      if (a.has_t()) own.tensor = std::make_shared<OnnxTensor>(tensor(a.t()));
      if (a.has_g()) own.body = std::make_shared<OnnxBody>(body(a.g(), depth + 1));
    }
    return result;
  }

  OnnxTensor tensor(const onnx::TensorProto& from) const {
    require<FormatError>(from.data_location() != onnx::TensorProto::EXTERNAL && from.external_data_size() == 0,
                         "{}: tensor '{}' has external data, in another file, which is not read", where_, from.name());
    OnnxTensor result;
    std::int64_t count = 1;
    for (const std::int64_t size : from.dims()) {
      require<FormatError>(size >= 0 && !__builtin_mul_overflow(count, size, &count),
                           "{}: tensor '{}' has a size of {}", where_, from.name(), size);
      result.sizes.push_back(size);
    }
    fill(from, result);
    require<FormatError>(static_cast<std::int64_t>(result.numbers.size()) == count,
                         "{}: tensor '{}' holds {} numbers, its sizes ask for {}", where_, from.name(),
                         result.numbers.size(), count);
    return result;
  }

  void fill(const onnx::TensorProto& from, OnnxTensor& to) const {
    using T = onnx::TensorProto;
    const std::string& raw = from.raw_data();
    const auto same = [](auto value) { return static_cast<double>(value); };
    to.kind = OnnxTensor::Kind::integer;
    switch (from.data_type()) {
      case T::FLOAT:
        to.kind = OnnxTensor::Kind::real;
        for (const float value : from.float_data()) to.numbers.push_back(static_cast<double>(value));
        return read_raw<float>(raw, to.numbers, same);
      case T::DOUBLE:
        to.kind = OnnxTensor::Kind::real;
        to.numbers.assign(from.double_data().begin(), from.double_data().end());
        return read_raw<double>(raw, to.numbers, same);
      case T::FLOAT16:
        to.kind = OnnxTensor::Kind::real;
        for (const std::int32_t value : from.int32_data())
          to.numbers.push_back(static_cast<double>(from_half(static_cast<std::uint16_t>(value))));
        return read_raw<std::uint16_t>(raw, to.numbers,
                                       [](std::uint16_t bits) { return static_cast<double>(from_half(bits)); });
      case T::INT64:
        for (const std::int64_t value : from.int64_data()) to.numbers.push_back(cut(value));
        return read_raw<std::int64_t>(raw, to.numbers, cut);
      case T::INT32:
        to.numbers.assign(from.int32_data().begin(), from.int32_data().end());
        return read_raw<std::int32_t>(raw, to.numbers, same);
      case T::INT8:
      case T::UINT8:
      case T::INT16:
      case T::UINT16:
        to.numbers.assign(from.int32_data().begin(), from.int32_data().end());
        if (from.data_type() == T::INT8) return read_raw<std::int8_t>(raw, to.numbers, same);
        if (from.data_type() == T::UINT8) return read_raw<std::uint8_t>(raw, to.numbers, same);
        if (from.data_type() == T::INT16) return read_raw<std::int16_t>(raw, to.numbers, same);
        return read_raw<std::uint16_t>(raw, to.numbers, same);
      case T::BFLOAT16:
        to.kind = OnnxTensor::Kind::real;
        for (const std::int32_t value : from.int32_data())
          to.numbers.push_back(from_bfloat(static_cast<std::uint16_t>(value)));
        return read_raw<std::uint16_t>(raw, to.numbers, from_bfloat);
      case T::BOOL:
        to.kind = OnnxTensor::Kind::boolean;
        to.numbers.assign(from.int32_data().begin(), from.int32_data().end());
        return read_raw<std::uint8_t>(raw, to.numbers, same);
      default:
        fail<FormatError>(
            "{}: tensor '{}' is of type {}, which is not read (numbers of 16 to 64 bits, small integers and bool are)",
            where_, from.name(), from.data_type());
    }
  }

  const std::string& where_;
};

}  // namespace

OnnxModel::OnnxModel(const std::filesystem::path& path) {
  const std::string where = "OnnxModel: '" + path.string() + "'";
  const std::string bytes = read_whole_file(path, where);
  onnx::ModelProto model;
  require<FormatError>(model.ParseFromString(bytes) && model.has_graph(), "{}: not an ONNX model (cut short?)", where);
  for (const onnx::OperatorSetIdProto& set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") opset_ = set.version();
  require<FormatError>(opset_ >= 1, "{}: the file does not say its opset", where);
  require<FormatError>(model.functions_size() == 0, "{}: functions of the model's own are not read", where);
  producer_ = model.producer_name();
  graph_ = Reader(where).body(model.graph(), 0);
}

#else

OnnxModel::OnnxModel(const std::filesystem::path& path) {
  fail<FormatError>(
      "OnnxModel: '{}': this build reads no ONNX: libonnx was not found when it was configured (RECUR_ONNX)",
      path.string());
}

#endif

std::int64_t OnnxNode::integer(const std::string& key, std::int64_t otherwise) const {
  const auto at = attributes.find(key);
  return at == attributes.end() ? otherwise : at->second.integer;
}

double OnnxNode::real(const std::string& key, double otherwise) const {
  const auto at = attributes.find(key);
  return at == attributes.end() ? otherwise : at->second.real;
}

std::string OnnxNode::text(const std::string& key, const std::string& otherwise) const {
  const auto at = attributes.find(key);
  return at == attributes.end() ? otherwise : at->second.text;
}

std::vector<std::int64_t> OnnxNode::integers(const std::string& key) const {
  const auto at = attributes.find(key);
  return at == attributes.end() ? std::vector<std::int64_t>() : at->second.integers;
}

}  // namespace recur::interop
