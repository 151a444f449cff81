/* `encode_statement` of store/encode.py, compiled: the same arguments, the same bytes.

   It knows cells and lengths, and neither programs nor users. Texts, None and absent cells are
   written here, any other cell by its column's encoder, which is Python's. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* The protocol's lengths of a cell that is cleared, and of one that stays as it is. */
#define NULL_CELL (-1)
#define UNSET_CELL (-2)
#define USUAL_SIZE 2048

typedef struct {
    char *bytes;
    Py_ssize_t size, room;
} Buffer;

static int
put(Buffer *buffer, const char *bytes, Py_ssize_t size)
{
    if (size > buffer->room - buffer->size) {
        Py_ssize_t room = 2 * buffer->room + size;
        char *grown = PyMem_Realloc(buffer->bytes, (size_t)room);
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        buffer->bytes = grown;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->size, bytes, (size_t)size);
    buffer->size += size;
    return 0;
}

static int
put_length(Buffer *buffer, int32_t length)
{
    uint32_t bits = (uint32_t)length;
    char bytes[4] = {(char)(bits >> 24), (char)(bits >> 16), (char)(bits >> 8), (char)bits};
    return put(buffer, bytes, 4);
}

static int
put_bytes(Buffer *buffer, PyObject *object)
{
    char *bytes;
    Py_ssize_t size;
    return PyBytes_AsStringAndSize(object, &bytes, &size) < 0 ? -1 : put(buffer, bytes, size);
}

static int
put_text(Buffer *buffer, PyObject *text)
{
    Py_ssize_t size;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &size);
    if (bytes == NULL)
        return -1;
    if (size > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a text of more than 2 GiB");
        return -1;
    }
    return put_length(buffer, (int32_t)size) < 0 ? -1 : put(buffer, bytes, size);
}

static int
put_encoded(Buffer *buffer, PyObject *encode, PyObject *value)
{
    Py_INCREF(value); /* the cells own it, and the encoder may be any function */
    PyObject *encoded = PyObject_CallFunctionObjArgs(encode, value, NULL);
    Py_DECREF(value);
    if (encoded == NULL)
        return -1;
    int result = put_bytes(buffer, encoded);
    Py_DECREF(encoded);
    return result;
}

static int
put_cell(Buffer *buffer, PyObject *column, PyObject *cells)
{
    PyObject *name = PyTuple_GetItem(column, 0), *encode = PyTuple_GetItem(column, 1);
    if (name == NULL || encode == NULL)
        return -1;
    PyObject *value = PyDict_GetItemWithError(cells, name);
    if (value == NULL)
        return PyErr_Occurred() ? -1 : put_length(buffer, UNSET_CELL);
    if (value == Py_None)
        return put_length(buffer, NULL_CELL);
    return PyUnicode_CheckExact(value) ? put_text(buffer, value)
                                       : put_encoded(buffer, encode, value);
}

static int
put_statement(Buffer *buffer, PyObject *head, PyObject *key, PyObject *columns, PyObject *cells,
              PyObject *tail)
{
    if (put_bytes(buffer, head) < 0)
        return -1;
    for (Py_ssize_t n = 0; n < PyTuple_Size(key); n++)
        if (put_text(buffer, PyTuple_GetItem(key, n)) < 0)
            return -1;
    for (Py_ssize_t n = 0; n < PyTuple_Size(columns); n++)
        if (put_cell(buffer, PyTuple_GetItem(columns, n), cells) < 0)
            return -1;
    return put_bytes(buffer, tail);
}

static PyObject *
encode_statement(PyObject *module, PyObject *arguments)
{
    PyObject *head, *key, *columns, *cells, *tail, *statement = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SO!O!O!S", &head, &PyTuple_Type, &key, &PyTuple_Type, &columns,
                          &PyDict_Type, &cells, &tail))
        return NULL;
    Buffer buffer = {PyMem_Malloc(USUAL_SIZE), 0, USUAL_SIZE};
    if (buffer.bytes == NULL)
        return PyErr_NoMemory();
    if (put_statement(&buffer, head, key, columns, cells, tail) == 0)
        statement = PyBytes_FromStringAndSize(buffer.bytes, buffer.size);
    PyMem_Free(buffer.bytes);
    return statement;
}

static PyMethodDef functions[] = {
    {"encode_statement", encode_statement, METH_VARARGS, "See program_user_info_job.store.encode."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_compiled", .m_size = 0, .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__compiled(void)
{
    return PyModuleDef_Init(&definition);
}
