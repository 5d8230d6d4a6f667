-- Which of these deliveries ($1) we have, of whatever tenant; none of them was received before $2.
SELECT delivery_id FROM delivery WHERE received_at >= $2 AND delivery_id = ANY($1)
