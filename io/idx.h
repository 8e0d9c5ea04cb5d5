#pragma once

#include <recur/io/stored_numbers.h>

#include <filesystem>

namespace recur {

/// Reads an IDX file, the format of MNIST and its kin (http://yann.lecun.com/exdb/mnist), as it is or compressed by gzip:
/// `load_idx<float>("train-images-idx3-ubyte.gz")` is `[60000, 28, 28]` with values 0 … 255. Numbers become T as `read_numbers`
/// says.
/// @throws FormatError naming file and byte offset for a file that cannot be read, is cut short, of another kind, damaged, or has
/// more than `Shape::max_rank` axes.
template <FileNumber T>
[[nodiscard]] Tensor<T> load_idx(const std::filesystem::path& path);

}  // namespace recur
