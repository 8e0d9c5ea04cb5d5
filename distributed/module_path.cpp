#include <recur/distributed/module_path.h>

const char* recur::distributed::detail::module_path() { return RECUR_MODULE_PATH; }
const char* recur::distributed::detail::mpirun_path() { return RECUR_MPIRUN; }
