#pragma once

// All sample problems: `#include <recur/samples.h>`.

#include <recur/train/samples/adding.h>
#include <recur/train/samples/air_passengers.h>
#include <recur/train/samples/autoregression.h>
#include <recur/train/samples/chord_music.h>
#include <recur/train/samples/copy_memory.h>
#include <recur/train/samples/digit_strings.h>
#include <recur/train/samples/dyck.h>
#include <recur/train/samples/even_process.h>
#include <recur/train/samples/gestures.h>
#include <recur/train/samples/grammar.h>
#include <recur/train/samples/grammar_rules.h>
#include <recur/train/samples/grammar_text.h>
#include <recur/train/samples/id_sequences.h>
#include <recur/train/samples/markov_text.h>
#include <recur/train/samples/number_words.h>
#include <recur/train/samples/overdrive.h>
#include <recur/train/samples/reber.h>
#include <recur/train/samples/temporal_order.h>
#include <recur/train/samples/text_process.h>
