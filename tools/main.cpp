#include "recur_main.h"

int main(int argc, char** argv) { return recur::recur_main(argc, argv); }
