#: begin
	.text
	.balign	4096, 0xcc

#: end
	.balign	4096, 0xcc
