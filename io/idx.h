#pragma once

#include <recur/io/stored_numbers.h>

#include <filesystem>

namespace recur {

/// Reads an IDX file, the format of MNIST (http://yann.lecun.com/exdb/mnist), also compressed by gzip:
/// `load_idx<float>("train-images-idx3-ubyte.gz")` is `[60000, 28, 28]` with values 0 … 255. Numbers are converted to T
/// by `read_numbers`. Throws FormatError, with file and byte offset, if the file cannot be read, is cut short, of
/// another kind, damaged, or has more than `Shape::max_rank` axes.
template <FileNumber T>
[[nodiscard]] Tensor<T> load_idx(const std::filesystem::path& path);

}  // namespace recur
