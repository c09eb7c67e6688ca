#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/base/bytes.h"

static const uint8_t seven[] = { 0x01, 0x82, 0x03, 0x84, 0x05, 0x06, 0x87 };

static void reads_in_network_order_up_to_the_end(void **state)
{
	struct reader reader = reader_over(seven, sizeof(seven));

	(void)state;
	assert_int_equal(reader_u8(&reader), 0x01);
	assert_int_equal(reader_u16(&reader), 0x8203);
	assert_true(reader_u32(&reader) == 0x84050687);
	assert_int_equal(reader_left(&reader), 0);
	assert_ptr_equal(reader_take(&reader, 0), seven + 7);
	assert_false(reader.failed);
	assert_int_equal(reader_u8(&reader), 0);
	assert_true(reader.failed);
}

static void takes_octets_without_copying_them(void **state)
{
	struct reader reader = reader_over(seven, sizeof(seven));

	(void)state;
	assert_ptr_equal(reader_take(&reader, 2), seven);
	assert_ptr_equal(reader_take(&reader, 4), seven + 2);
	assert_int_equal(reader_left(&reader), 1);
	assert_null(reader_take(&reader, SIZE_MAX));
	assert_true(reader.failed);
}

static void nothing_is_read_after_a_failure(void **state)
{
	struct reader reader = reader_over(seven, 3);

	(void)state;
	assert_true(reader_u32(&reader) == 0);
	assert_true(reader.failed);
	assert_int_equal(reader.at, 0);
	assert_int_equal(reader_left(&reader), 0);
	assert_int_equal(reader_u8(&reader), 0);
	assert_int_equal(reader_u16(&reader), 0);
	assert_null(reader_take(&reader, 1));
	assert_int_equal(reader.at, 0);
}

static void an_empty_buffer_has_nothing_to_read(void **state)
{
	struct reader reader = reader_over(NULL, 0);

	(void)state;
	assert_int_equal(reader_left(&reader), 0);
	assert_int_equal(reader_u16(&reader), 0);
	assert_true(reader.failed);
}

static void writes_in_network_order_up_to_the_end(void **state)
{
	uint8_t room[10] = { [9] = 0xee };
	struct writer writer = writer_over(room, 9);

	(void)state;
	writer_u8(&writer, 0x01);
	writer_u16(&writer, 0x8203);
	writer_u32(&writer, 0x84050687);
	writer_put(&writer, "ab", 2);
	writer_put(&writer, NULL, 0);
	assert_false(writer.failed);
	assert_int_equal(writer.at, 9);
	assert_memory_equal(room,
		"\x01\x82\x03\x84\x05\x06\x87"
		"ab\xee",
		10);
	writer_u8(&writer, 1);
	assert_true(writer.failed);
	assert_int_equal(room[9], 0xee);
}

static void nothing_is_written_after_a_failure(void **state)
{
	uint8_t room[4] = { 1, 2, 3, 4 };
	struct writer writer = writer_over(room, 3);

	(void)state;
	writer_u16(&writer, 0x0a0b);
	writer_u16(&writer, 0xffff);
	assert_true(writer.failed);
	writer_u8(&writer, 0xff);
	writer_u32(&writer, UINT32_MAX);
	writer_put(&writer, "x", 1);
	writer_patch_u16(&writer, 0, 0xffff);
	assert_int_equal(writer.at, 2);
	assert_memory_equal(room, "\x0a\x0b\x03\x04", 4);
}

static void sixteen_bits_can_be_filled_in_later(void **state)
{
	uint8_t room[6] = { 0 };
	struct writer writer = writer_over(room, sizeof(room));

	(void)state;
	writer_u32(&writer, 0);
	writer_u16(&writer, 0xaabb);
	writer_patch_u16(&writer, 4, 0x1234);
	writer_patch_u16(&writer, 1, 0xcdef);
	assert_int_equal(writer.at, 6);
	assert_memory_equal(room, "\x00\xcd\xef\x00\x12\x34", 6);
}

static void numbers_come_back_from_octets(void **state)
{
	uint8_t octets[4];

	(void)state;
	bytes_put_u32(octets, 0xfedcba98);
	assert_memory_equal(octets, "\xfe\xdc\xba\x98", 4);
	assert_true(bytes_get_u32(octets) == 0xfedcba98);
	bytes_put_u16(octets + 1, 0x8001);
	assert_memory_equal(octets, "\xfe\x80\x01\x98", 4);
	assert_int_equal(bytes_get_u16(octets + 1), 0x8001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_network_order_up_to_the_end),
		cmocka_unit_test(takes_octets_without_copying_them),
		cmocka_unit_test(nothing_is_read_after_a_failure),
		cmocka_unit_test(an_empty_buffer_has_nothing_to_read),
		cmocka_unit_test(writes_in_network_order_up_to_the_end),
		cmocka_unit_test(nothing_is_written_after_a_failure),
		cmocka_unit_test(sixteen_bits_can_be_filled_in_later),
		cmocka_unit_test(numbers_come_back_from_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
