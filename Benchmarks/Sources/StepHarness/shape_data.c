// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#include "shape_data.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct problem {
    char *text;
    size_t size;
};

static bool report(struct problem problem, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem.text, problem.size, format, arguments);
    va_end(arguments);
    return false;
}

static const char *data_directory(void) {
    const char *directory = getenv("LSTM_DATA");
    return directory ? directory : "data";
}

/// Reads a file of exactly `size` bytes into fresh memory; null, with a report, if it is not so.
static void *read_exactly(const char *shape, const char *name, size_t size, struct problem problem) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s", data_directory(), shape, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        report(problem, "cannot open %s", path);
        return NULL;
    }
    char *bytes = malloc(size + 1);
    size_t found = fread(bytes, 1, size + 1, file);
    fclose(file);
    if (found == size) return bytes;
    report(problem, "%s: expected %zu bytes, found %s", path, size, found > size ? "more" : "fewer");
    free(bytes);
    return NULL;
}

static bool read_sizes(const char *shape, struct shape_data *data, struct problem problem) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/meta.txt", data_directory(), shape);
    FILE *file = fopen(path, "r");
    if (!file) return report(problem, "cannot open %s; LSTM_DATA names the folder of make_data.py", path);
    struct lstm_model *model = &data->model;
    int fields = fscanf(file, "%u %u %u %u", &model->input_size, &model->hidden_size, &model->layer_count,
                        &model->output_size);
    fclose(file);
    if (fields != 4) return report(problem, "%s: expected four numbers", path);
    if (model->layer_count < 1 || model->layer_count > MAXIMUM_LAYERS)
        return report(problem, "%s: %u layers; 1 to %d are supported", path, model->layer_count, MAXIMUM_LAYERS);
    return true;
}

/// Points the model's tensors into `weights`, or only counts if that is null; the number of floats.
static size_t lay_out(struct lstm_model *model, const float *weights) {
    size_t rows = 4 * (size_t)model->hidden_size;
    size_t position = 0;
    for (uint32_t index = 0; index < model->layer_count; index++) {
        struct lstm_layer *layer = &model->layers[index];
        layer->input_size = index == 0 ? model->input_size : model->hidden_size;
        size_t sizes[] = {rows * layer->input_size, rows * model->hidden_size, rows, rows};
        const float **tensors[] = {&layer->input_weights, &layer->recurrent_weights, &layer->input_bias,
                                   &layer->recurrent_bias};
        for (int tensor = 0; tensor < 4; tensor++) {
            if (weights) *tensors[tensor] = weights + position;
            position += sizes[tensor];
        }
    }
    size_t readout_size = (size_t)model->output_size * model->hidden_size;
    if (weights) {
        model->readout_weights = weights + position;
        model->readout_bias = weights + position + readout_size;
    }
    return position + readout_size + model->output_size;
}

bool read_shape_data(const char *shape, struct shape_data *data, char *text, size_t text_size) {
    struct problem problem = {text, text_size};
    *data = (struct shape_data){.stream_count = 16, .step_count = 1000};
    if (!read_sizes(shape, data, problem)) return false;
    struct lstm_model *model = &data->model;
    size_t rows = (size_t)data->stream_count * data->step_count;
    data->weights = read_exactly(shape, "weights.bin", lay_out(model, NULL) * sizeof(float), problem);
    data->inputs = read_exactly(shape, "x.bin", rows * model->input_size * sizeof(float), problem);
    data->references = read_exactly(shape, "ref.bin", rows * model->output_size * sizeof(double), problem);
    if (!data->weights || !data->inputs || !data->references) {
        free_shape_data(data);
        return false;
    }
    lay_out(model, data->weights);
    return true;
}

void free_shape_data(struct shape_data *data) {
    free(data->weights);
    free((void *)data->inputs);
    free((void *)data->references);
    *data = (struct shape_data){0};
}
