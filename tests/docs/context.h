#pragma once

// Names that the pages of text leave to the reader. A block that declares one of them itself has its own.

#include <recur/framework/check/gradcheck.h>
#include <recur/framework/check/second_order.h>
#include <recur/framework/check/second_order_check.h>
#include <recur/layers/config/config.h>
#include <recur/recur.h>
#include <recur/train/samples/adding.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

using namespace recur;

extern Tape tape;
extern Sequential model;
extern RNN rnn;
extern Trainer trainer;
extern optim::Optimizer optimizer;
extern std::vector<NamedParameter> learned;
extern Batches batches, train, valid, test;
extern std::vector<AnyCell> cells;
extern TensorDataset data, examples;
extern Tensor<float> series;
extern Index features, batch, steps, units;
extern Var x, y;
Var loss(Tape& tape, const Batch& batch);
extern Parameter kernel, bias;
extern std::vector<Array> inputs, directions, parameter_directions;
extern std::vector<std::int32_t> batch_classes;
extern std::string config_json, text;
Var my_op(Tape& tape, std::span<const Var> x);
