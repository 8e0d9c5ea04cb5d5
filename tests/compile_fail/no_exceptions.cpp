// Must not compile: exceptions are switched off by a flag.
#include <recur/framework/tensor/error.h>

int main() {}
