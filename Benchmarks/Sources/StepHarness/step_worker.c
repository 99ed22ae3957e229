// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#include "AllocationCounter.h"
#include "StepHarness.h"
#include "shape_data.h"
#include "ticks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE_LIMIT = 1 << 22, ///< iterations whose time is kept for the percentiles
    INPUT_SETS = 16,        ///< inputs that a run takes in turn
};

/// The stepper that the last command used; commands that follow for the same shape and batch reuse it.
struct worker {
    const struct step_implementation *implementation;
    double ticks_per_second;
    uint32_t *samples;
    char shape[16];
    uint32_t batch;
    struct shape_data data;
    void *stepper;
};

static void close_stepper(struct worker *worker) {
    if (!worker->stepper) return;
    worker->implementation->close(worker->stepper);
    free_shape_data(&worker->data);
    worker->stepper = NULL;
}

/// Makes the stepper for `shape` and `batch` ready; false, having answered NA, if that fails.
static bool prepare(struct worker *worker, const char *shape, uint32_t batch) {
    if (worker->stepper && strcmp(worker->shape, shape) == 0 && worker->batch == batch) return true;
    close_stepper(worker);
    char problem[4200];
    if (!read_shape_data(shape, &worker->data, problem, sizeof problem)) {
        printf("NA %s\n", problem);
        return false;
    }
    worker->stepper = worker->implementation->open(&worker->data.model, batch);
    if (!worker->stepper) {
        free_shape_data(&worker->data);
        printf("NA not supported\n");
        return false;
    }
    snprintf(worker->shape, sizeof worker->shape, "%s", shape);
    worker->batch = batch;
    return true;
}

/// Answers CHECK: chains every step of the reference data. A batch larger than the data repeats its streams.
static void check(struct worker *worker) {
    const struct shape_data *data = &worker->data;
    size_t input_size = data->model.input_size, output_size = data->model.output_size;
    float *inputs = calloc(worker->batch * input_size, sizeof *inputs);
    float *outputs = calloc(worker->batch * output_size, sizeof *outputs);
    double largest_error = 0;
    worker->implementation->reset(worker->stepper);
    for (size_t step = 0; step < data->step_count; step++) {
        size_t first = step * data->stream_count;
        for (size_t row = 0; row < worker->batch; row++) {
            size_t source = first + row % data->stream_count;
            memcpy(inputs + row * input_size, data->inputs + source * input_size, input_size * sizeof *inputs);
        }
        worker->implementation->step(worker->stepper, inputs, outputs);
        for (size_t row = 0; row < worker->batch; row++) {
            const double *reference = data->references + (first + row % data->stream_count) * output_size;
            for (size_t output = 0; output < output_size; output++) {
                double error = fabs((double)outputs[row * output_size + output] - reference[output]);
                // Written so that an output that is not a number counts as infinitely wrong.
                if (!(error <= largest_error)) largest_error = error == error ? error : INFINITY;
            }
        }
    }
    printf("OK maxerr=%.3g\n", largest_error);
    free(inputs);
    free(outputs);
}

static int compare_samples(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/// Answers RUN: steps for `milliseconds` after a warm-up of a fifth of that.
static void run(struct worker *worker, double milliseconds) {
    const struct step_implementation *implementation = worker->implementation;
    const struct lstm_model *model = &worker->data.model;
    size_t set_size = (size_t)worker->batch * model->input_size;
    float *inputs = calloc(INPUT_SETS * set_size, sizeof *inputs);
    float *outputs = calloc((size_t)worker->batch * model->output_size, sizeof *outputs);
    for (size_t index = 0; index < INPUT_SETS * set_size; index++) inputs[index] = sinf((float)index * 0.37f);

    implementation->reset(worker->stepper);
    double warm_until = seconds_now() + milliseconds * 0.2e-3;
    do implementation->step(worker->stepper, inputs, outputs);
    while (seconds_now() < warm_until);

    size_t iterations = 0, sample_count = 0;
    unsigned long allocations = allocation_count();
    double start = seconds_now();
    uint64_t previous = ticks_now();
    uint64_t end = previous + (uint64_t)(worker->ticks_per_second * milliseconds * 1e-3);
    do {
        implementation->step(worker->stepper, inputs + iterations % INPUT_SETS * set_size, outputs);
        iterations++;
        uint64_t now = ticks_now();
        uint64_t taken = now - previous;
        if (sample_count < SAMPLE_LIMIT)
            worker->samples[sample_count++] = taken < UINT32_MAX ? (uint32_t)taken : UINT32_MAX;
        previous = now;
    } while (previous < end);
    double seconds = seconds_now() - start;
    allocations = allocation_count() - allocations;

    qsort(worker->samples, sample_count, sizeof *worker->samples, compare_samples);
    double nanoseconds_per_tick = 1e9 / worker->ticks_per_second;
    printf("OK iters=%zu sec=%.6f p50_ns=%.1f p99_ns=%.1f allocs=%.3f\n", iterations, seconds,
           worker->samples[sample_count / 2] * nanoseconds_per_tick,
           worker->samples[sample_count * 99 / 100] * nanoseconds_per_tick,
           (double)allocations / (double)iterations);
    free(inputs);
    free(outputs);
}

int run_step_worker(const struct step_implementation *implementation) {
    struct worker worker = {
        .implementation = implementation,
        .ticks_per_second = ticks_per_second(),
        .samples = malloc(SAMPLE_LIMIT * sizeof(uint32_t)),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        char command[16] = "", shape[16] = "";
        unsigned batch = 0;
        double milliseconds = 0;
        int fields = sscanf(line, "%15s %15s %u %lf", command, shape, &batch, &milliseconds);
        bool is_check = fields >= 3 && strcmp(command, "CHECK") == 0;
        bool is_run = fields == 4 && strcmp(command, "RUN") == 0;
        if (!(is_check || is_run) || batch < 1) {
            printf("NA expected CHECK <shape> <batch> or RUN <shape> <batch> <ms>\n");
        } else if (prepare(&worker, shape, batch)) {
            if (is_check) check(&worker);
            else run(&worker, milliseconds);
        }
    }
    close_stepper(&worker);
    free(worker.samples);
    return EXIT_SUCCESS;
}
