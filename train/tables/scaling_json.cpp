#include <recur/framework/tensor/error.h>
#include <recur/train/tables/scaling.h>

#include <nlohmann/json.hpp>

namespace recur {
namespace {

nlohmann::json scales_json(const std::vector<ColumnScale>& scales) {
  nlohmann::json list = nlohmann::json::array();
  for (const ColumnScale& scale : scales) {
    nlohmann::json one{
        {"name", scale.name}, {"kind", scale_kind_name(scale.kind)}, {"scale", {scale.all.offset, scale.all.factor}}};
    for (const auto& [id, own] : scale.series) one["series"][id] = {own.offset, own.factor};
    list.push_back(std::move(one));
  }
  return list;
}

Affine affine_from(const nlohmann::json& pair) { return {pair.at(0).get<double>(), pair.at(1).get<double>()}; }

std::vector<ColumnScale> scales_from(const nlohmann::json& list) {
  std::vector<ColumnScale> scales;
  for (const auto& one : list) {
    ColumnScale& scale =
        scales.emplace_back(ColumnScale{one.at("name"), scale_kind(one.at("kind")), affine_from(one.at("scale")), {}});
    if (one.contains("series"))
      for (const auto& [id, own] : one["series"].items()) scale.series[id] = affine_from(own);
  }
  return scales;
}

}  // namespace

std::string Scaling::to_json() const {
  return nlohmann::json{
      {"inputs", scales_json(inputs_)}, {"statics", scales_json(statics_)}, {"targets", scales_json(targets_)}}
      .dump();
}

Scaling Scaling::from_json(const std::string& text) {
  Scaling scaling;
  try {
    const auto json = nlohmann::json::parse(text);
    scaling.inputs_ = scales_from(json.at("inputs"));
    scaling.statics_ = scales_from(json.at("statics"));
    scaling.targets_ = scales_from(json.at("targets"));
  } catch (const nlohmann::json::exception& error) {
    fail<FormatError>("Scaling::from_json: {}", error.what());
  }
  return scaling;
}

}  // namespace recur
